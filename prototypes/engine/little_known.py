"""Little-known classes: they have too few images to judge their labels, or to suggest them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_IMAGES = 4
"""A class with fewer images is little known. Not in the paper. In classes that were cut to two or
three images label_quality told wrong from right labels no better than chance (AUROC .42 to .52 on
tinyweb, .22 and .52 on CIFAR-10N; .63 to .71 with four). Where such a class is rare, 0 to 3% of its
suggestions were right (4 and 6% with four, 24 and 33% of classes with many images)."""

NONE: NDArray[np.int64] = np.zeros(0, np.int64)


def little_known(images: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """List the classes (m,) that have fewer than LEAST_IMAGES ``images`` (C,)."""
    return np.flatnonzero(images < LEAST_IMAGES)
