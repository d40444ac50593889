"""What a crawl of few rows says of its classes: averages over spaces of random halves of its rows.

With few rows a space and its class means are partly chance, so that its softmax is too sure of rows
that it has not seen, and their labels seem wrong. Spaces of other halves then say something else of
these rows. The mean of what they say is about as sure as it is often right. Not in the paper.
"""

import numpy as np
from numpy.typing import NDArray

ALL_UP_TO, NONE_FROM = 250, 500
"""Rows up to which only the halves count, and from which on they do not (see `fewness`)."""
HALVES = 8
"""Random divisions into two halves; five say nearly the same."""

STEPS = 8
"""Of the length of a unit row, along a direction that is about as long as the root of d."""

Rows = NDArray[np.float32]


def fewness(rows: float) -> float:
    """Return in [0, 1] how much the spaces of halves count in a crawl of so many rows."""
    return float(np.clip((NONE_FROM - rows) / (NONE_FROM - ALL_UP_TO), 0, 1))


def halves_of(g: Rows) -> NDArray[np.int64]:
    """Divide unit rows g (n, d) into two halves, 0 and 1, in HALVES ways: (HALVES, n).

    A row's half is whether the whole part of its length along a random direction, in steps of
    1 / STEPS, is odd. So copies are in the same half, and rounding hardly changes it.
    """
    directions = np.random.default_rng(0).standard_normal((g.shape[1], HALVES))
    return np.asarray(np.floor(g @ directions * STEPS) % 2, np.int64).T
