"""Blocks of rows: how features reach the mathematics without ever being held all at once."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial, reduce
from operator import add
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
T = TypeVar("T")
TILE = 1024
"""Rows of a tile: large enough for BLAS, small enough for a processor's cache."""

HALVES = 256
"""Rows of halves that are converted at a time: what a processor's cache holds."""
SINGLE = np.array(0x8FFFE000, np.uint32).view(np.int32)
"""Sign, exponent and mantissa that come from a half; its sign fills the bits between."""
TO_SINGLE = np.float32(2.0**112)


class EachBlock(Protocol):
    """Apply a function to every block of (features, labels) and give the results in plan order.

    The caller decides where blocks come from and who computes them; as sums are added in
    plan order, any number of workers gives the same bits. One call is one pass.
    """

    def __call__(self, fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterable[T]:
        """Yield fn(features, labels, ...) of every block, with what lies ``beside`` it.

        Each of ``beside`` gives a value for every block in order, as an earlier pass has
        yielded it.
        """
        ...


def in_memory(features: Floats, labels: Labels, rows: int = 65_536) -> EachBlock:
    """Cut arrays (N, D) and (N,) into blocks of at most ``rows`` rows."""

    def each(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterator[T]:
        for part, *known in zip(tiles(len(labels), rows), *beside, strict=True):
            yield fn(features[part], labels[part], *known)

    return each


def labelled(each: EachBlock) -> EachBlock:
    """Give of every block only the rows that have a label."""

    def each_labelled(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterable[T]:
        return each(partial(_of_labelled, fn), *beside)

    return each_labelled


def _of_labelled(fn: Callable[..., T], features: Floats, labels: Labels, *known: Any) -> T:
    rows = np.flatnonzero(labels >= 0)
    return fn(features[rows], labels[rows], *known)


def tiles(length: int, size: int = TILE) -> Iterator[slice]:
    """Cut range(length) into slices of at most ``size``; an empty range is one empty slice."""
    for start in range(0, max(length, 1), size):
        yield slice(start, min(start + size, length))


def total(parts: Iterable[T]) -> T:
    """Add parts in the order in which they come; needs at least one."""
    return reduce(add, parts)


def not_zero(rows: Floats) -> NDArray[np.bool_]:
    """Tell which rows (n, d) are not all zeros; hardly ever needs more than their first number."""
    there = np.asarray(rows[:, 0] != 0)
    there[~there] = rows[~there].any(axis=1)
    return there


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
    """Return rows (n, D) in single precision; halves must be finite.

    NumPy converts halves one by one, in twice the time or more. Shifted to where singles have
    them, the exponent and mantissa of a half are the number times 2⁻¹¹², exactly: a half's
    exponent counts from -15, a single's from -127.
    """
    if rows.dtype != np.float16:
        return np.asarray(rows, np.float32)
    singles = np.empty(rows.shape, np.float32)
    for part in tiles(len(rows), HALVES):
        there = singles[part]
        bits = there.view(np.int32)
        np.left_shift(rows[part].view(np.int16), 13, out=bits, dtype=np.int32)
        bits &= SINGLE
        there *= TO_SINGLE
    return singles
