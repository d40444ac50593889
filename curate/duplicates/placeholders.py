"""Placeholders: pictures that are all over a crawl, such as one that says that there is none."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.stars import Rows

PLACEHOLDER_ROWS = 10
PLACEHOLDER_LABELS = 5
"""A picture that so many rows of so many labels have, or of all labels, shows none of them."""
PLACEHOLDER_SHARE = 0.8
"""A picture of which this share of the rows have one label shows that: others are errors."""


def placeholders(
    sizes: NDArray[Any], labels: NDArray[Any], most: NDArray[Any], classes: int
) -> Rows:
    """List the groups (m,) that are of a placeholder, the largest first.

    Each has so many rows, in ``sizes``, and different ``labels``; the commonest label is on
    ``most`` rows. The crawl has so many ``classes``.
    """
    many = min(PLACEHOLDER_LABELS, classes)
    varied = most < PLACEHOLDER_SHARE * sizes
    found = np.flatnonzero((sizes >= PLACEHOLDER_ROWS) & (labels >= many) & varied)
    return found[np.argsort(-sizes[found].astype(np.int64), kind="stable")]
