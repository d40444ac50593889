import numpy as np
import pytest

from prototypes.engine.blocks import unit_rows
from prototypes.fit.few_rows import ALL_UP_TO, HALVES, NONE_FROM, fewness, halves_of


@pytest.mark.parametrize(
    ("rows", "few"), [(10, 1), (ALL_UP_TO, 1), ((ALL_UP_TO + NONE_FROM) / 2, 0.5), (NONE_FROM, 0)]
)
def test_halves_count_where_rows_are_few(rows: float, few: float) -> None:
    assert fewness(rows) == few
    assert fewness(10**6) == 0


def test_divisions_are_independent_halves_that_keep_copies_together() -> None:
    g = unit_rows(np.random.default_rng(0).normal(size=(4000, 30)).astype(np.float32))
    halves = halves_of(g)
    assert halves.shape == (HALVES, 4000)
    assert set(np.unique(halves)) == {0, 1}
    np.testing.assert_allclose(np.corrcoef(halves), np.eye(HALVES), atol=0.06)
    np.testing.assert_allclose(halves.mean(axis=1), 0.5, atol=0.04)
    assert (halves_of(np.vstack([g, g]))[:, 4000:] == halves).all()
