import numpy as np
import pytest

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.pairs import mask_others, own_labels
from prototypes.engine.rivals import find_rivals, rival_partition


@pytest.mark.parametrize("lists", [False, True])
@pytest.mark.parametrize("related", [0, 3, 30])
def test_rivals_from_all_cosines_are_those_found_tile_by_tile(lists: bool, related: int) -> None:
    rng = np.random.default_rng(0)
    classes = 30
    g = unit_rows(rng.normal(size=(200, 8)).astype(np.float32))
    directions = unit_rows(rng.normal(size=(classes, 8)).astype(np.float32))
    directions[4] = 0
    labels = np.stack([rng.permutation(classes)[:3] for _ in g])
    labels = labels if lists else labels[:, 0]
    near = np.sort(np.stack([rng.permutation(classes)[:related] for _ in range(classes)]), axis=1)
    excess, others, sizes = (
        rng.normal(size=size).astype(np.float32) for size in (near.shape, classes, classes)
    )
    confusion = Confusion(0.5, near.astype(np.int32), excess, others, sizes)
    little_known = np.array([7, 9])
    found = find_rivals(g, labels, directions, 0.2, confusion, 1, little_known)
    cosines = g @ directions.T
    mask_others(cosines, labels)
    mask_absent(cosines, np.union1d(absent_classes(directions), little_known))
    again = rival_partition(cosines, own_labels(labels), 0.2, confusion)
    np.testing.assert_allclose(again, found.log_partition, rtol=1e-4, atol=1e-4)
