"""Classes with too few images are neither judged nor suggested, whatever looks at all classes."""

import numpy as np
import pytest

from prototypes.engine.blocks import unit_rows
from prototypes.engine.little_known import LEAST_IMAGES, little_known
from prototypes.engine.products import HOST, Products
from prototypes.engine.rivals import find_rivals
from prototypes.engine.torch_products import TorchProducts
from prototypes.method import Scores, adapted, fit_prototypes, fit_space, score_block
from prototypes.options import Options
from prototypes.score.missing import missing_labels
from prototypes.score.soft_labels import soft_labels
from tests.blocks import in_memory

CLASSES, SMALL = 6, {3: 1, 4: 3, 5: 4}
"""Images of the last three classes; the first three have many."""


def crawl() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    for label, images in SMALL.items():
        y[label * 20 : label * 20 + images] = label
    x = rng.normal(size=(400, 8)) + 2 * rng.normal(size=(CLASSES, 8))[y]
    return x.astype(np.float32), y


def scored(products: Products = HOST, options: Options = Options()) -> Scores:
    x, y = crawl()
    each = in_memory(x, y)
    space = fit_space(each, CLASSES)
    fitted = fit_prototypes(adapted(each, space), CLASSES, None, options, None, products)
    assert fitted.images.tolist() == np.bincount(y).tolist()
    assert fitted.little_known.tolist() == [3, 4]
    return score_block(space.transform(x), y, space, fitted, None, None, products)


def test_a_class_is_known_from_so_many_images() -> None:
    assert LEAST_IMAGES == 4
    assert little_known(np.array([0, 1, 3, 4, 100.0])).tolist() == [0, 1, 2]


@pytest.mark.parametrize("options", [Options(), Options(per_class=2), Options(rounds=2)])
@pytest.mark.parametrize("products", [HOST, TorchProducts("cpu")], ids=["numpy", "torch"])
def test_their_labels_are_not_judged_and_they_are_not_suggested(
    products: Products, options: Options
) -> None:
    _, y = crawl()
    found, unjudged = scored(products, options), (y == 3) | (y == 4)
    label = found.label
    for values in (label.quality, label.distance, label.suggested_quality, found.consistency):
        assert np.array_equal(np.isnan(values), unjudged)
    assert (label.suggested[unjudged] == -1).all()
    assert set(label.suggested[~unjudged]) <= {0, 1, 2, 5}
    assert not label.issue[unjudged].any()
    assert not label.counted_wrong[unjudged].any()


def test_they_are_no_rivals_and_their_own_rows_keep_their_cosine() -> None:
    rng = np.random.default_rng(1)
    g, v = unit_rows(rng.normal(size=(40, 5))), unit_rows(rng.normal(size=(6, 5)))
    labels = rng.integers(0, 6, 40)
    unknown = np.array([1, 4])
    for products in (HOST, TorchProducts("cpu")):
        found = products.find_rivals(g, labels, v, 0.2, None, 1, unknown)
        assert np.allclose(found.own, (g * v[labels]).sum(axis=1), atol=1e-5)
        for row, label in enumerate(labels):
            others = [c for c in range(6) if c not in (label, 1, 4)]
            cosines = g[row] @ v[others].T
            assert found.most_likely[row] == others[int(cosines.argmax())]
            assert found.log_partition[row] == pytest.approx(np.log(np.exp(cosines / 0.2).sum()))
    nothing_hidden = find_rivals(g, labels, v, 0.2)
    assert set(nothing_hidden.most_likely) >= {1, 4}


def test_what_images_lack_and_soft_labels_leave_them_out() -> None:
    rng = np.random.default_rng(1)
    v = unit_rows(rng.normal(size=(5, 6)))
    g = unit_rows(v.sum(axis=0) + rng.normal(size=(50, 6)) / 9)
    given, unknown = np.zeros((50, 1), int), np.array([3, 4])
    assert {3, 4} & set(missing_labels(g, given, v, 0.2).classes)
    assert not {3, 4} & set(missing_labels(g, given, v, 0.2, little_known=unknown).classes)
    nobody, labels = np.zeros(5, np.float32), np.arange(50) % 5
    shares = soft_labels(g, labels, v, 0.2, nobody, 2, little_known=unknown)
    assert not np.isin(shares.classes[:, 1:], unknown).any()
    assert (shares.probabilities[labels >= 3] == [1, 0, 0]).all()
    assert (shares.probabilities[labels < 3, 0] < 1).all()
