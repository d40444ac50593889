import numpy as np
import pytest

from benchmarks.verified_share import ppi_plus_plus

WRONG = np.arange(400) % 5 == 0
ROWS = np.random.default_rng(0).permutation(400)[:100]


def test_a_constant_prediction_gives_the_answers_alone() -> None:
    share, low, high = ppi_plus_plus(WRONG, np.full(400, 0.3), ROWS)
    mean = WRONG[ROWS].mean()
    deviation = np.sqrt(WRONG[ROWS].var(ddof=1) / 100 * 0.75)
    assert share == pytest.approx(mean)
    assert (high - share, share - low) == pytest.approx((1.959964 * deviation,) * 2)


def test_a_perfect_prediction_gives_the_truth() -> None:
    assert ppi_plus_plus(WRONG, 0.2 + 0.5 * WRONG, ROWS) == pytest.approx([0.2] * 3)
