import numpy as np
import pytest

from prototypes.blocks import unit_rows
from prototypes.neighbours import nearest_prototypes, nearest_samples


def test_neighbours_are_those_of_an_exhaustive_sort() -> None:
    rng = np.random.default_rng(0)
    rows = unit_rows(rng.normal(size=(300, 9)))
    cosines = rows @ rows[:50].T
    order = np.argsort(-cosines, axis=1)[:, :3]
    found, classes = nearest_prototypes(rows, rows[:50], 3)
    assert np.array_equal(classes, order)
    assert np.allclose(found, np.take_along_axis(cosines, order, axis=1), atol=1e-6)


def test_a_sample_finds_itself_first() -> None:
    rows = unit_rows(np.random.default_rng(1).normal(size=(40, 6)))
    assert np.array_equal(nearest_samples(rows, rows, 5)[1][:, 0], np.arange(40))


def test_no_queries_have_no_neighbours() -> None:
    assert nearest_prototypes(np.empty((0, 3), np.float32), np.eye(3), 2)[1].shape == (0, 2)


def test_more_neighbours_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="4 neighbours among 3 rows"):
        nearest_prototypes(np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32), 4)
