"""Blocks of rows: the mathematics never holds all features in memory at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from operator import add
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
T = TypeVar("T")
TILE = 1024
"""Rows of a tile: enough for BLAS, few enough for the CPU cache."""

HALVES = 256
"""Rows of float16 that are converted at a time: what the CPU cache holds."""
SINGLE = np.array(0x8FFFE000, np.uint32).view(np.int32)
"""Bits of a float32 that come from a float16: sign, exponent, mantissa; the sign fills the rest."""
TO_SINGLE = np.float32(2.0**112)


class Sums(ABC):
    """What a function returns of a block, where only sums over blocks are wanted.

    The caller may join those of neighbouring blocks, the same blocks at every pass and wherever
    they are computed, so that fewer numbers travel.
    """

    @abstractmethod
    def joined(self, others: Sequence[Self]) -> Self:
        """Add those of the blocks that follow, in order."""


class EachBlock(Protocol):
    """Apply a function to every block of (features, labels) and yield the results in order.

    The caller decides where blocks come from and how many workers compute them. Results come in the
    order of the blocks, so that sums are the same bit for bit with any number of workers. One call
    is one pass over the rows.
    """

    def __call__(self, fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterable[T]:
        """Yield fn(features, labels, *values) for every block, or `Sums` of neighbouring blocks.

        Each iterable in ``beside`` gives one value for every block, in order, such as the results
        of an earlier pass.
        """
        ...


def labelled(each: EachBlock) -> EachBlock:
    """Pass on only the rows of every block that have a label."""

    def each_labelled(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterable[T]:
        return each(partial(_of_labelled, fn), *beside)

    return each_labelled


def _of_labelled(fn: Callable[..., T], features: Floats, labels: Labels, *known: Any) -> T:
    rows = np.flatnonzero(labels >= 0)
    return fn(features[rows], labels[rows], *known)


def tiles(length: int, size: int = TILE) -> Iterator[slice]:
    """Split range(length) into slices of at most ``size``; an empty range is one empty slice."""
    for start in range(0, max(length, 1), size):
        yield slice(start, min(start + size, length))


def total(parts: Iterable[T]) -> T:
    """Add up parts in order; needs at least one."""
    return reduce(add, parts)


def not_zero(rows: Floats) -> NDArray[np.bool_]:
    """Tell which rows (n, d) are not all zeros; the first number of a row mostly suffices."""
    found = np.asarray(rows[:, 0] != 0)
    found[~found] = rows[~found].any(axis=1)
    return found


def unit_rows(rows: Floats) -> NDArray[np.float32]:
    """Scale rows (n, D) to length 1; a row of zeros stays zeros."""
    rows = in_single(rows)
    return np.asarray(rows * _to_unit(rows))


def scale_to_unit(rows: NDArray[np.float32]) -> None:
    """Scale rows (n, D) to length 1 in place; a row of zeros stays zeros."""
    rows *= _to_unit(rows)


def _to_unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return np.asarray(1 / np.where(length > 0, length, 1), np.float32)[:, None]


def in_single(rows: Floats) -> NDArray[np.float32]:
    """Return rows (n, D) as float32; float16 must be finite.

    NumPy converts float16 numbers one by one, which takes at least twice as long. With exponent and
    mantissa shifted to their places in a float32, a float16 reads as exactly its value times 2⁻¹¹²:
    the exponent of a float16 is biased by 15, that of a float32 by 127.
    """
    if rows.dtype != np.float16:
        return np.asarray(rows, np.float32)
    singles = np.empty(rows.shape, np.float32)
    for part in tiles(len(rows), HALVES):
        single = singles[part]
        bits = single.view(np.int32)
        np.left_shift(rows[part].view(np.int16), 13, out=bits, dtype=np.int32)
        bits &= SINGLE
        single *= TO_SINGLE
    return singles
