import numpy as np
import pytest

from prototypes.fit.flagged_share import (
    FEW,
    MODEST,
    NONE,
    OF_WRONG,
    SOME,
    confident_joint,
    flagged_share,
    trust_in,
)


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
    assert flagged_share(logits, labels, wrong=0.25, trust=1) == found
    assert flagged_share(logits, labels, wrong=0.9, trust=1) == found / MODEST
    assert flagged_share(logits, labels, wrong=0.3, trust=trust_in(NONE)) == FEW
    halfway = trust_in((NONE + SOME) / 2)
    assert FEW < flagged_share(logits, labels, wrong=0.3, trust=halfway) < found
    assert flagged_share(logits, labels, wrong=0.1, trust=1) == pytest.approx(OF_WRONG * 0.1)
    assert flagged_share(logits, labels, wrong=0.0, trust=1) == FEW


def test_classes_without_images_and_no_rows() -> None:
    logits, labels = crawl(3, 0.2)
    more = np.hstack([logits, np.full((len(logits), 1), -1e30, np.float32)])
    assert confident_joint(more, labels) == pytest.approx(confident_joint(logits, labels))
    assert flagged_share(logits[:0], labels[:0], 0.0, 0.0) <= FEW
