import numpy as np
import pytest
from scipy import linalg

from prototypes.engine.blocks import unit_rows
from prototypes.engine.moments import add_moments, block_moments
from prototypes.fit.space import RIDGE_FLOOR, RIDGE_SAMPLES, AdaptedSpace, adapted_space
from tests.blocks import in_memory


def crawl(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, n)
    return rng.normal(size=(n, d)) + 2 * rng.normal(size=(classes, d))[y] + 1, y


def fitted(x: np.ndarray, y: np.ndarray, classes: int) -> AdaptedSpace:
    return adapted_space(add_moments([block_moments(x, y, classes)]))


def within(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    centred = x - np.stack([x[y == c].mean(axis=0) for c in range(y.max() + 1)])[y]
    w = centred.T @ centred / len(x)
    ridge = RIDGE_FLOOR / len(w) + RIDGE_SAMPLES / (len(x) - y.max() - 1)
    return w + ridge * np.trace(w) * np.eye(len(w))


def test_the_leading_directions_whiten_the_within_class_covariance() -> None:
    x, y = crawl(400, 12, 4)
    p = fitted(x, y, 4).projection
    whitened = p.T @ within(x, y) @ p
    assert np.allclose(whitened[:3, :3], np.eye(3), atol=1e-4)
    assert np.allclose(whitened, np.diag(np.diag(whitened)), atol=1e-4)


def test_the_leading_directions_are_those_of_discriminant_analysis() -> None:
    x, y = crawl(400, 12, 4, seed=1)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    means = np.stack([unit[y == c].mean(axis=0) for c in range(4)])[y] - unit.mean(axis=0)
    slow = linalg.eigh(means.T @ means, within(x, y))[1][:, -3:]
    fast = fitted(x, y, 4).projection[:, :3]
    assert np.allclose(linalg.subspace_angles(slow, fast), 0, atol=1e-3)


def test_class_means_do_not_differ_in_the_other_directions() -> None:
    x, y = crawl(400, 90, 3)
    space = fitted(x, y, 3)
    moments = add_moments([block_moments(x, y, 3)]).by_class.means() @ space.projection
    assert space.projection.shape == (90, 2 + 64)
    assert np.allclose(np.ptp(moments[:, 2:], axis=0), 0, atol=1e-4)


def test_two_classes_still_give_graded_cosines() -> None:
    x, y = crawl(300, 20, 2)
    g = fitted(x, y, 2).transform(x)
    assert len(np.unique(np.round(g @ g[0], 3))) > 50


def test_rows_have_unit_length_and_zero_rows_stay_zero() -> None:
    x, y = crawl(60, 8, 3)
    x[5] = 0
    length = np.linalg.norm(fitted(x, y, 3).transform(x.astype(np.float16)), axis=1)
    assert length[5] == 0
    assert np.allclose(np.delete(length, 5), 1, atol=1e-5)


def test_fewer_samples_than_dimensions_do_not_collapse_onto_their_class() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(120, 200)), rng.integers(0, 3, 120)
    g = fitted(x, y, 3).transform(x)
    centre = unit_rows(np.stack([g[y == c].mean(axis=0) for c in range(3)]))
    assert np.median((g * centre[y]).sum(axis=1)) < 0.95


def test_blocks_of_any_size_give_the_same_space() -> None:
    x, y = crawl(300, 10, 3)
    parts = in_memory(x, y, 7)
    streamed = adapted_space(add_moments(parts(lambda a, b: block_moments(a, b, 3))))
    whole = fitted(x, y, 3)
    overlap = np.einsum("ij,ij->i", streamed.transform(x), whole.transform(x))
    assert np.allclose(overlap, 1, atol=1e-4)


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two classes"):
        fitted(np.eye(4), np.zeros(4, int), 3)


def test_identical_images_are_refused() -> None:
    with pytest.raises(ValueError, match="have the same"):
        fitted(np.ones((6, 4)), np.array([0, 0, 0, 1, 1, 1]), 2)


def test_images_that_are_identical_in_each_class_give_finite_features() -> None:
    y = np.array([0, 0, 0, 1, 1, 1])
    g = fitted(np.eye(2, 4)[y], y, 2).transform(np.eye(2, 4)[y])
    assert np.isfinite(g).all()


@pytest.mark.parametrize("sizes", [(100, 100, 100), (300, 80, 20), (200, 150, 2, 1)])
def test_the_centre_weighs_class_means_by_what_they_tell(sizes: tuple[int, ...]) -> None:
    classes, n = len(sizes), sum(sizes)
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), sizes)
    x = rng.normal(size=(n, 12)) + 2 * rng.normal(size=(classes, 12))[y] + 1
    unit = unit_rows(x.astype(np.float32)).astype(np.float64)
    means = np.stack([unit[y == c].mean(axis=0) for c in range(classes)])
    whiten = linalg.inv(linalg.sqrtm(within(x, y)).real)
    z, centres, share = unit @ whiten, means @ whiten, np.array(sizes) / n
    freedom = np.trace(np.cov(z.T, bias=True))
    apart = share @ ((centres - z.mean(axis=0)) ** 2).sum(axis=1)
    between = (apart - (classes - 1) * freedom / n) / (1 - (share**2).sum())
    weight = (np.array(sizes) > 3) / (between + freedom / np.array(sizes))
    assert np.allclose(fitted(x, y, classes).mean, weight @ means / weight.sum(), atol=1e-5)
    if len(set(sizes)) == 1:
        assert np.allclose(weight, weight[0])


def test_classes_of_a_few_images_move_the_space_little() -> None:
    x, y = crawl(900, 60, 5)
    g = fitted(x, y, 5).transform(x)
    y[:4] = [5, 6, 6, 7]
    moved = fitted(x, y, 8).transform(x)
    cosines = [rows @ rows.T for rows in (g[4:], moved[4:])]
    assert np.abs(cosines[0] - cosines[1]).mean() < 0.02
