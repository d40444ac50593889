"""What is called an improvement."""

import numpy as np

from curate.heads.verdict import judge


def sets(labels: list[int], width: int = 3) -> np.ndarray:
    return np.eye(width, dtype=bool)[labels]


def test_shares_and_their_intervals() -> None:
    true, given, refined = sets([0] * 100), sets([0] * 80 + [1] * 20), sets([0] * 95 + [2] * 5)
    verdict = judge(given, refined, true)
    assert (verdict.before.mean, verdict.after.mean) == (0.8, 0.95)
    assert verdict.before.low < 0.8 < verdict.before.high
    assert (verdict.mended, verdict.spoiled, verdict.improves) == (15, 0, True)


def test_chance_is_no_improvement() -> None:
    true = sets([0] * 20)
    assert not judge(sets([0] * 20), sets([0] * 20), true).improves
    assert not judge(sets([1] * 3 + [0] * 17), sets([0] * 20), true).improves
    assert not judge(sets([0] * 20), sets([1] * 20), true).improves
    assert judge(sets([1] * 8 + [0] * 12), sets([0] * 20), true).improves


def test_several_labels_are_as_right_as_they_overlap() -> None:
    true = np.array([[1, 1, 0], [0, 0, 0]], bool)
    given = np.array([[1, 0, 0], [0, 0, 0]], bool)
    verdict = judge(given, true, true)
    assert (verdict.before.mean, verdict.after.mean) == (0.75, 1.0)
    assert (verdict.mended, verdict.spoiled) == (1, 0)
    assert 0 <= verdict.before.low <= verdict.before.high <= 1
