import numpy as np
import pytest

from prototypes.fit.flagged_share import FEW, MODEST, OF_LISTS, confident_joint, flagged_share


def crawl(classes: int, wrong: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, 3000)
    logits = rng.normal(0, 1.3, (3000, classes)).astype(np.float32)
    logits[np.arange(3000), labels] += 4
    flipped = rng.random(3000) < wrong
    return logits, np.where(flipped, (labels + 1) % classes, labels)


def test_the_confident_joint_against_a_slow_reference() -> None:
    logits, labels = crawl(4, 0.3)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    usual = [p[labels == c, c].mean() for c in range(4)]
    joint = np.zeros((4, 4))
    for row, label in zip(p, labels, strict=True):
        confident = [c for c in range(4) if row[c] >= usual[c]]
        if confident:
            joint[label, max(confident, key=lambda c: row[c])] += 1
    joint *= (np.bincount(labels) / joint.sum(axis=1))[:, None]
    assert confident_joint(logits, labels) == pytest.approx(
        1 - np.trace(joint) / len(labels), abs=1e-6
    )


def test_few_are_flagged_where_few_are_wrong() -> None:
    logits, labels = crawl(12, 0.3)
    found = MODEST * confident_joint(logits, labels)
    assert found > 0.2
    assert flagged_share(logits, labels, 0.25, lists=False) == found
    assert flagged_share(logits, labels, 0.9, lists=False) == found / MODEST
    assert flagged_share(logits, labels, 0.05, lists=False) == FEW
    assert FEW < flagged_share(logits, labels, 0.08, lists=False) < found
    assert flagged_share(logits, labels, 0.0, lists=True) == FEW
    assert flagged_share(logits, labels, 0.1, lists=True) == OF_LISTS * 0.1


def test_classes_without_images_and_no_rows() -> None:
    logits, labels = crawl(3, 0.2)
    more = np.hstack([logits, np.full((len(logits), 1), -1e30, np.float32)])
    assert confident_joint(more, labels) == pytest.approx(confident_joint(logits, labels))
    assert flagged_share(logits[:0], labels[:0], 0.0, lists=False) <= FEW
