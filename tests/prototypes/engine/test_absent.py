"""Classes without images are no rivals, whatever looks at all classes."""

import numpy as np
import pytest

from prototypes.engine.absent import absent_classes
from prototypes.engine.blocks import unit_rows
from prototypes.engine.products import HOST, Products
from prototypes.engine.torch_products import TorchProducts
from prototypes.method import Scores, adapted, fit_prototypes, fit_space, score_block
from prototypes.options import Options
from prototypes.score.missing import missing_labels
from prototypes.score.soft_labels import soft_labels
from tests.blocks import in_memory

CLASSES = 4
"""Of which the last has no images."""


def crawl() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = rng.integers(0, CLASSES - 1, 400)
    x = rng.normal(size=(400, 8)) + 3 * rng.normal(size=(CLASSES, 8))[y]
    x[:40] = 20 * rng.normal(size=(40, 8))
    return x.astype(np.float32), y


def scored(classes: int, products: Products, options: Options) -> Scores:
    x, y = crawl()
    each = in_memory(x, y)
    space = fit_space(each, classes)
    fitted = fit_prototypes(adapted(each, space), classes, None, options, None, products)
    return score_block(space.transform(x), y, space, fitted, None, None, products)


@pytest.mark.parametrize("psi", ["softmax", "l2"])
@pytest.mark.parametrize("products", [HOST, TorchProducts("cpu")], ids=["numpy", "torch"])
def test_a_class_without_images_changes_nothing_and_is_never_suggested(
    products: Products, psi: str
) -> None:
    with_it, without = (scored(n, products, Options(psi=psi)) for n in (CLASSES, CLASSES - 1))
    assert (with_it.label.suggested < CLASSES - 1).all()
    assert np.array_equal(with_it.label.suggested, without.label.suggested)
    assert np.allclose(with_it.consistency, without.consistency, rtol=1e-2)
    assert np.allclose(with_it.label.distance, without.label.distance, atol=1e-4)


def test_several_prototypes_of_a_class_are_absent_together() -> None:
    prototypes = np.array([[0, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    assert absent_classes(prototypes).tolist() == [0, 2, 3]
    assert absent_classes(prototypes, 2).tolist() == [1]


def test_what_images_lack_and_soft_labels_leave_it_out() -> None:
    rng = np.random.default_rng(1)
    v = unit_rows(rng.normal(size=(CLASSES, 6)))
    v[3] = 0
    g = unit_rows(-v[:3].sum(axis=0) + rng.normal(size=(50, 6)) / 9)
    given = np.zeros((50, 1), int)
    assert (missing_labels(g, given, v, 0.2).classes < 3).all()
    nobody = np.zeros(CLASSES, np.float32)
    shares = soft_labels(g, given[:, 0], v, 0.2, nobody, 2)
    assert (shares.classes < 3).all()
