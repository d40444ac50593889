"""Missing labels: classes that an image fits but that were not given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import Labels, tiles, unit_rows
from prototypes.engine.little_known import NONE
from prototypes.engine.pairs import mask_classes
from prototypes.engine.softmax import CLASSES, ROWS, log_sum_exp, nearest_of_class
from prototypes.score.evidence import with_level
from prototypes.score.quality import OUTLIER_COSINE


@dataclass(frozen=True)
class Missing:
    """m suggestions for n images, ordered by image, the best of an image first."""

    rows: NDArray[np.int64]
    """(m,): the image, 0 to n - 1, ascending."""
    classes: NDArray[np.int64]
    """(m,)"""
    quality: NDArray[np.float32]
    """(m,): softmax of the cosines over the classes that were not given, at the class."""


def missing_labels(
    g: NDArray[np.float32],
    given: Labels,
    prototypes: NDArray[np.float32],
    temperature: float,
    k: int = 1,
    level: NDArray[np.float32] | None = None,
    little_known: NDArray[np.int64] = NONE,
) -> Missing:
    """Suggest for images g (n, d) the classes whose cosine is at least OUTLIER_COSINE.

    An image with a lower cosine to a class does not fit it. ``given`` (n, L) are all labels of an
    image, padded with -1. ``prototypes`` (C·k, d) may have any length; of the k of a class the
    nearest counts. ``level`` (C,) is added to the cosines (see `prevalence`). Rows of zeros get no
    suggestion, and ``little_known`` classes (m,) are not suggested.
    """
    directions = unit_rows(prototypes)
    if level is not None and level.any():
        g, directions = with_level(None, level, len(g)).beside(g, directions, k)
    left_out = np.union1d(absent_classes(directions, k), little_known)
    parts = [
        _of_tile(g[rows], given[rows], directions, temperature, k, rows.start, left_out)
        for rows in tiles(len(g), ROWS)
    ]
    rows, classes, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((-quality, rows))
    return Missing(rows[order], classes[order], quality[order])


def _of_tile(
    g: NDArray[np.float32], given: Labels, directions: NDArray[np.float32], temperature: float,
    k: int, first: int, left_out: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:  # fmt: skip
    rows, classes, cosines, partitions = [], [], [], []
    for part in tiles(len(directions) // k, CLASSES):
        cosine = nearest_of_class(g @ directions[part.start * k : part.stop * k].T, k)
        mask_classes(cosine, given, part.start)
        mask_absent(cosine, left_out, part.start)
        fits, at = np.nonzero(cosine >= OUTLIER_COSINE)
        rows.append(fits)
        classes.append(at + part.start)
        cosines.append(cosine[fits, at])
        partitions.append(log_sum_exp(cosine / np.float32(temperature)))
    row, cosine = np.concatenate(rows), np.concatenate(cosines)
    partition = log_sum_exp(np.stack(partitions, axis=1))
    quality = np.exp(np.minimum(cosine / np.float32(temperature) - partition[row], 0))
    return row + first, np.concatenate(classes), quality.astype(np.float32)
