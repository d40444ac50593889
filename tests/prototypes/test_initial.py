import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.blocks import in_memory, total, unit_rows
from prototypes.initial import (
    margin,
    margin_histogram,
    reliable,
    reliable_bins,
    reliable_sums,
)


def crawl(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = unit_rows(rng.normal(size=(n, 5)))
    return g, rng.integers(0, 4, n), unit_rows(rng.normal(size=(4, 5)))


def slow_margin(g: np.ndarray, y: np.ndarray, plain: np.ndarray) -> np.ndarray:
    cosines = g @ plain.T
    rest = [np.delete(row, c).max() for row, c in zip(cosines, y, strict=True)]
    return cosines[np.arange(len(y)), y] - rest


def test_margin_is_over_the_best_other_class() -> None:
    g, y, plain = crawl(0)
    assert np.allclose(margin(g, y, plain), slow_margin(g, y, plain), atol=1e-6)


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.4, 1.0]))
@settings(max_examples=25, deadline=None)
def test_the_reliable_are_the_top_share_of_their_class(seed: int, share: float) -> None:
    g, y, plain = crawl(seed)
    each = in_memory(g, y, 33)
    bins = reliable_bins(total(each(lambda a, b: margin_histogram(a, b, plain))), share)
    chosen = reliable(g, y, plain, bins)
    margins = slow_margin(g, y, plain)
    for c in range(4):
        own = y == c
        assert chosen[own].sum() >= max(share * own.sum(), 1)
        cut = np.quantile(margins[own], 1 - share)
        assert chosen[own & (margins > cut + 1e-4)].all()
        assert not chosen[own & (margins < cut - 0.1)].any() or own.sum() < 20


def test_their_sums_are_those_of_the_chosen_rows() -> None:
    g, y, plain = crawl(3)
    bins = reliable_bins(margin_histogram(g, y, plain), 0.4)
    chosen = reliable(g, y, plain, bins) & (y == 2)
    assert np.allclose(reliable_sums(g, y, plain, bins).total[2], g[chosen].sum(axis=0))


def test_a_class_with_one_image_keeps_it() -> None:
    g, y, plain = crawl(4)
    y[y == 3] = 0
    y[7] = 3
    bins = reliable_bins(margin_histogram(g, y, plain), 0.4)
    assert reliable(g, y, plain, bins)[7]


def test_rows_without_a_label_are_never_reliable() -> None:
    g, y, plain = crawl(5)
    y[:50] = -1
    bins = reliable_bins(margin_histogram(g, y, plain), 1.0)
    assert np.array_equal(reliable(g, y, plain, bins), y >= 0)
