from functools import partial

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up
from prototypes.engine.rivals import margin
from prototypes.fit.initial import margin_cells, reliable, reliable_bins, reliable_sums
from tests.blocks import in_memory


def crawl(seed: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    g = unit_rows(rng.normal(size=(n, 5)))
    return g, rng.integers(0, 4, n), unit_rows(rng.normal(size=(4, 5)))


def slow_margin(g: np.ndarray, y: np.ndarray, plain: np.ndarray) -> np.ndarray:
    cosines = g @ plain.T
    rest = [np.delete(row, c).max() for row, c in zip(cosines, y, strict=True)]
    return cosines[np.arange(len(y)), y] - rest


def chosen_of(g: np.ndarray, y: np.ndarray, plain: np.ndarray, share: float) -> np.ndarray:
    cells = margin_cells(g, y, plain)
    return reliable(cells, reliable_bins([cells], len(plain), share))


def test_margin_is_over_the_best_other_class() -> None:
    g, y, plain = crawl(0)
    assert np.allclose(margin(g, y, plain), slow_margin(g, y, plain), atol=1e-6)


@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.4, 1.0]))
@settings(max_examples=25, deadline=None)
def test_the_reliable_are_the_top_share_of_their_class(seed: int, share: float) -> None:
    g, y, plain = crawl(seed)
    blocks = list(in_memory(g, y, 33)(lambda a, b: margin_cells(a, b, plain)))
    bins = reliable_bins(blocks, 4, share)
    chosen = reliable(np.concatenate(blocks), bins)
    assert np.array_equal(chosen, chosen_of(g, y, plain, share))
    margins = slow_margin(g, y, plain)
    for c in range(4):
        own = y == c
        assert chosen[own].sum() >= max(share * own.sum(), 1)
        cut = np.quantile(margins[own], 1 - share)
        assert chosen[own & (margins > cut + 1e-4)].all()
        assert not chosen[own & (margins < cut - 0.1)].any() or own.sum() < 20


def test_their_sums_are_those_of_the_chosen_rows() -> None:
    g, y, plain = crawl(3)
    y[:20] = -1
    cells = list(in_memory(g, y, 33)(lambda a, b: margin_cells(a, b, plain)))
    bins = reliable_bins(cells, 4, 0.4)
    sums = add_up(in_memory(g, y, 33)(partial(reliable_sums, bins=bins), cells))
    chosen = chosen_of(g, y, plain, 0.4) & (y == 2)
    assert np.allclose(sums.total[2], g[chosen].sum(axis=0))


def test_a_class_with_one_image_keeps_it() -> None:
    g, y, plain = crawl(4)
    y[y == 3] = 0
    y[7] = 3
    assert chosen_of(g, y, plain, 0.4)[7]


def test_margins_beyond_1_are_told_apart() -> None:
    plain = np.array([[1, 0], [-1, 0]], np.float32)
    angle = np.linspace(0, 1, 50)
    g = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)
    chosen = chosen_of(g, np.zeros(50, int), plain, 0.4)
    assert chosen.sum() == 20
    assert chosen[:20].all()


def test_rows_nearer_to_another_class_are_left_out_unless_all_are() -> None:
    g, y, plain = crawl(6)
    g[y == 3] = -plain[3]
    cells = margin_cells(g, y, plain)
    chosen = reliable(cells, reliable_bins([cells], 4, 0.4, own_only=True))
    margins = slow_margin(g, y, plain)
    assert chosen[y == 3].any()
    for c in range(3):
        assert chosen[y == c].any()
        assert (margins[chosen & (y == c)] > -0.01).all()


def test_rows_without_a_label_are_never_reliable() -> None:
    g, y, plain = crawl(5)
    y[:50] = -1
    assert np.array_equal(chosen_of(g, y, plain, 1.0), y >= 0)
