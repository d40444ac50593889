"""Against a slow plain estimate, in cases with a known answer, and over many samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, logit, ndtri
from scipy.stats import binom, binomtest

from prototypes.score.verified_share import (
    BINS,
    SLOPE_SPREAD,
    ShareEstimate,
    clopper_pearson,
    doubt,
    doubt_bins,
    fitted_slope,
    prediction_powered,
)

ROWS = 10_000
U = (np.arange(ROWS) + 0.5) / ROWS
"""1 - quality of the rows of a population."""
CURVES = {
    "calibrated": U**3,
    "a step": np.where(U > 0.9, 0.9, 0.05),
    "U-shaped": 2 * (U - 0.5) ** 2,
    "the wrong way round": 0.4 - 0.3 * U,
    "nothing known": np.full(ROWS, 0.2),
    "rare": 0.06 * U**3,
}


def counts(quality: np.ndarray) -> np.ndarray:
    return np.bincount(doubt_bins(quality), minlength=BINS)


def drawn(p: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(len(p)) < p


def plain(wrong: np.ndarray, quality: np.ndarray, population: np.ndarray) -> tuple[float, ...]:
    """Try every share of a fine grid: a by bisection over all rows, the score test as written."""
    doubts = doubt(population)
    z, all_z = ((d - doubts.mean()) / doubts.std() for d in (doubt(quality), doubts))

    def loss(ab: np.ndarray) -> float:
        p = expit(ab[0] + abs(ab[1]) * z)
        likely = np.where(wrong, p, 1 - p)
        return float(-np.log(likely).sum() + (ab[1] / SLOPE_SPREAD) ** 2 / 2)

    slope = abs(minimize(loss, [0.0, 1.0], method="Nelder-Mead", tol=1e-9).x[1])
    kept, errors = [], []
    grid = np.linspace(0.0005, 0.9995, 1_999)
    for share in grid:
        low, high = -60.0, 60.0
        for _ in range(60):
            a = (low + high) / 2
            low, high = (a, high) if expit(a + slope * all_z).mean() < share else (low, a)
        p = expit(a + slope * all_z)
        error = wrong.mean() - expit(a + slope * z).mean()
        variance = (1 - len(z) / len(p)) * (p * (1 - p)).mean() / (len(z) - 2)
        kept.append(error**2 <= 1.959964**2 * variance)
        errors.append(abs(error))
    return grid[kept][0], grid[np.argmin(errors)], grid[kept][-1]


@pytest.mark.parametrize("seed", range(4))
def test_it_is_what_a_slow_plain_search_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.beta(2, 1, 400)
    rows = rng.permutation(400)[:60]
    wrong = (rng.random(400) < 1 - quality)[rows]
    found = prediction_powered(wrong, quality[rows], counts(quality))
    low, best, high = plain(wrong, quality[rows], quality)
    assert found.powered
    assert (found.low, found.share, found.high) == pytest.approx((low, best, high), abs=2e-3)


@pytest.mark.parametrize("name", CURVES)
def test_95_of_100_intervals_hold_the_truth(name: str) -> None:
    wrong, quality = drawn(CURVES[name]), 1 - U
    population, rng = counts(quality), np.random.default_rng(1)
    held, ratio = [], []
    for _ in range(600):
        rows = rng.choice(ROWS, 200, replace=False)
        found = prediction_powered(wrong[rows], quality[rows], population)
        alone = clopper_pearson(found.wrong, found.asked)
        held.append(found.low <= wrong.mean() <= found.high)
        ratio.append((found.high - found.low) / (alone.high - alone.low))
    assert 0.93 <= np.mean(held) <= 0.97
    assert max(ratio) <= 1


@given(st.integers(2, 40), st.integers(0, 2**31), st.floats(0.05, 5), st.floats(0.05, 5))
@settings(deadline=None)
def test_random_inputs(asked: int, seed: int, a: float, b: float) -> None:
    rng = np.random.default_rng(seed)
    quality = rng.beta(a, b, 50)
    wrong, population = rng.random(asked) < rng.random(), counts(quality)
    found = prediction_powered(wrong, quality[:asked], population)
    alone = clopper_pearson(found.wrong, asked)
    assert 0 <= found.low <= found.share <= found.high <= 1
    assert found.high - found.low <= alone.high - alone.low
    assert (found.wrong, found.asked) == (wrong.sum(), asked)
    turned = prediction_powered(~wrong, 1 - quality[:asked], population[::-1])
    assert turned.share == pytest.approx(1 - found.share, abs=1e-3)
    assert (turned.low, turned.high) == pytest.approx((1 - found.high, 1 - found.low), abs=1e-3)


def test_where_quality_says_nothing_it_is_the_share_of_the_answers_and_wilsons_interval() -> None:
    wrong = np.arange(100) < 20
    found = prediction_powered(wrong, np.full(100, 0.7), counts(np.array([0.7])) * 10**9)
    z, n = ndtri(0.975), 98  # two numbers are fitted
    wilson = np.roots([1 + z**2 / n, -2 * 0.2 - z**2 / n, 0.2**2])
    assert found.share == pytest.approx(0.2, abs=1e-6)
    assert (found.high, found.low) == pytest.approx(tuple(wilson), abs=1e-4)


def test_doubt_that_runs_the_wrong_way_counts_for_nothing() -> None:
    quality = np.linspace(0.1, 0.9, 60)
    assert fitted_slope(quality > 0.5, doubt(quality)) == 0
    found = prediction_powered(quality > 0.7, quality, counts(np.tile(quality, 50)))
    assert found.share == pytest.approx((quality > 0.7).mean())


def test_perfect_predictions_need_few_answers() -> None:
    quality = np.where(U < 0.7, 0.9999, 0.0001)
    wrong, rows = quality < 0.5, np.random.default_rng(0).permutation(ROWS)[:200]
    found = prediction_powered(wrong[rows], quality[rows], counts(quality))
    assert wrong[rows].mean() != 0.3
    assert found.share == pytest.approx(0.3, abs=0.002)
    assert found.high - found.low < 0.05
    many = np.random.default_rng(0).permutation(ROWS)[:5_000]
    found = prediction_powered(wrong[many], quality[many], counts(quality))
    assert found.high - found.low < 0.004


def test_all_labels_verified_leave_nothing_to_estimate() -> None:
    quality = np.linspace(0.01, 0.99, 50)
    found = prediction_powered(quality < 0.2, quality, counts(quality))
    assert found.low == found.share == found.high == (quality < 0.2).mean()


def test_without_a_wrong_or_a_right_label_it_is_clopper_and_pearsons() -> None:
    quality = np.linspace(0.01, 0.99, 50)
    for wrong in (np.zeros(20, bool), np.ones(20, bool)):
        found = prediction_powered(wrong, quality[:20], counts(quality))
        assert found == clopper_pearson(int(wrong.sum()), 20)
        assert not found.powered


def test_labels_that_were_not_drawn_count_for_themselves() -> None:
    drawn_ones = ShareEstimate(0.1, 0.05, 0.2, 20, 200)
    found = drawn_ones.beside(wrong=90, known=100, others=900)
    assert (found.share, found.low, found.high) == pytest.approx((0.18, 0.135, 0.27))
    assert (found.wrong, found.asked) == (20, 200)


def test_doubts_are_log_odds_and_their_bins_are_in_order() -> None:
    quality = np.array([0, 1e-9, 0.25, 0.5, 0.75, 1 - 1e-9, 1])
    assert doubt(quality)[2:5] == pytest.approx(-logit(quality[2:5]))
    assert np.isfinite(doubt(quality)).all()
    assert doubt_bins(quality).tolist() == sorted(doubt_bins(quality), reverse=True)
    assert doubt_bins(quality)[[0, -1]].tolist() == [BINS - 1, 0]


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_of_the_answers_alone_is_the_exact_one(counted: tuple[int, int]) -> None:
    exact = binomtest(*counted).proportion_ci(0.95, "exact")
    found = clopper_pearson(*counted)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert found.low <= found.share <= found.high


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.77])
def test_that_holds_the_true_share_in_95_of_100_samples_or_more(share: float) -> None:
    n = 60
    intervals = [clopper_pearson(wrong, n) for wrong in range(n + 1)]
    holds = [found.low <= share <= found.high for found in intervals]
    assert sum(binom.pmf(wrong, n, share) for wrong in range(n + 1) if holds[wrong]) >= 0.95
