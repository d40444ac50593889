"""Different pairs of numbers."""

from typing import NamedTuple

import numpy as np

from curate.duplicates.stars import Rows


class Pairs(NamedTuple):
    """The k different pairs among n, ascending."""

    first: Rows
    """(k,)"""
    second: Rows
    """(k,)"""
    at: Rows
    """(k,): where each appears first among the n."""
    of: Rows
    """(n,): which of the k each of the n is."""
    counts: Rows
    """(k,): how many of the n are equal to it."""


def different_pairs(first: Rows, second: Rows) -> Pairs:
    """Find the different pairs of ``first`` (n,), from 0, and ``second`` (n,), from -1.

    One number stands for both: `numpy.unique` sorts numbers six times as fast as rows of two.
    """
    width = int(second.max(initial=-1)) + 2
    packed = first.astype(np.int64) * width + second + 1
    found, at, of, counts = np.unique(
        packed, return_index=True, return_inverse=True, return_counts=True
    )
    return Pairs(found // width, found % width - 1, at, of, counts)
