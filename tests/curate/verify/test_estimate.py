import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from curate.verify.estimate import NoiseRate


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_exact_one(counts: tuple[int, int]) -> None:
    exact = binomtest(*counts).proportion_ci(0.95, "exact")
    low, high = NoiseRate(*counts).interval
    assert low == pytest.approx(exact.low, abs=1e-9)
    assert high == pytest.approx(exact.high, abs=1e-9)
    assert low <= NoiseRate(*counts).share <= high


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.77])
def test_it_holds_the_true_share_in_95_of_100_samples_or_more(share: float) -> None:
    n = 60
    intervals = [NoiseRate(wrong, n).interval for wrong in range(n + 1)]
    holds = [low <= share <= high for low, high in intervals]
    assert sum(binom.pmf(wrong, n, share) for wrong in range(n + 1) if holds[wrong]) >= 0.95
