"""Unseen classes: a crawl of few classes also has images of classes that it does not name."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.pairs import MASKED

USUAL_CLASSES, UNSEEN_COSINE = 10, 0.2
"""A crawl with fewer than this many classes gets unseen ones up to it, with this cosine to every
image. Otherwise an image of anything else would look like one of the few. Not in the paper."""


def with_unseen(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Append a column for each unseen class, if any, to cosines (n, C)."""
    left_out = max(USUAL_CLASSES - cosines.shape[1], 0)
    return np.pad(cosines, ((0, 0), (0, left_out)), constant_values=UNSEEN_COSINE)


def unseen_logit(classes: int, temperature: float) -> np.float32:
    """Return the logit of all unseen classes together; MASKED if there are none."""
    left_out = USUAL_CLASSES - classes
    return np.float32(np.log(left_out) + UNSEEN_COSINE / temperature) if left_out > 0 else MASKED
