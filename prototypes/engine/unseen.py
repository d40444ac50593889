"""Classes that a crawl of few classes leaves out, though images of them turn up in it."""

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.pairs import STRUCK

USUAL_CLASSES, UNSEEN_COSINE = 10, 0.2
"""So many classes are made up to, each with this cosine to any image: among few classes an image
of something else must look like one of them. Not in the paper."""


def with_unseen(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add to cosines (n, C) the columns of the classes left out, if any."""
    left_out = max(USUAL_CLASSES - cosines.shape[1], 0)
    return np.pad(cosines, ((0, 0), (0, left_out)), constant_values=UNSEEN_COSINE)


def unseen_logit(classes: int, temperature: float) -> np.float32:
    """Return the logit of all classes left out together."""
    left_out = USUAL_CLASSES - classes
    return np.float32(np.log(left_out) + UNSEEN_COSINE / temperature) if left_out > 0 else STRUCK
