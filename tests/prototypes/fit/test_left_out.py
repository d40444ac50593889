import numpy as np

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_up, class_sums
from prototypes.fit.left_out import LeftOut


def test_the_distance_is_that_to_the_weighted_mean_of_the_others() -> None:
    rng = np.random.default_rng(0)
    g, y, p = unit_rows(rng.normal(size=(40, 5))), rng.integers(0, 3, 40), rng.random(40) + 0.1
    sums = add_up([class_sums(g, y, 3, p)])
    v = sums.means()
    away = np.linalg.norm(v[y] - g, axis=1).astype(np.float32)
    found = LeftOut.of(sums).distance(away, p.astype(np.float32), y)
    for i in range(40):
        others = (y == y[i]) & (np.arange(40) != i)
        mean = np.average(g[others], axis=0, weights=p[others])
        assert np.isclose(found[i], min(np.linalg.norm(mean - g[i]), 2), atol=1e-4)


def test_an_image_that_is_alone_is_as_far_as_images_usually_are() -> None:
    rng = np.random.default_rng(1)
    g, y = unit_rows(rng.normal(size=(200, 5)) + 2), np.zeros(200, int)
    y[7] = 1
    sums = add_up([class_sums(g, y, 2)])
    away = np.linalg.norm(sums.means()[y] - g, axis=1).astype(np.float32)
    found = LeftOut.of(sums).distance(away, np.ones(200, np.float32), y)
    assert away[7] < 1e-3
    assert np.isclose(found[7], np.sqrt((away[y == 0] ** 2).mean()), rtol=0.05)


def test_rows_without_a_distance_have_none() -> None:
    sums = add_up([class_sums(np.eye(3, dtype=np.float32), np.array([0, 0, 1]), 2)])
    away = np.array([np.nan], np.float32)
    assert np.isnan(LeftOut.of(sums).distance(away, away, np.array([-1]))).all()
