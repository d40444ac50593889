"""Arrays that are maps of files travel to other processes by name, not by content."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALL = 65_536
"""Bytes; an array of no more travels as it is."""


def by_name(array: NDArray[Any]) -> tuple[Any, ...] | None:
    """Say how another process maps the same numbers, as ``__reduce__`` does.

    Returns None for what is no read-only map of a file, is small, or has gaps between its numbers.
    """
    if array.nbytes <= SMALL or array.flags.writeable or not array.flags.c_contiguous:
        return None
    mapped = _mapped(array)
    if mapped is None:
        return None
    offset = _address(array) - _address(mapped) + mapped.offset
    return map_again, (str(mapped.filename), int(offset), array.dtype, array.shape)


def map_again(file: str, offset: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Map the numbers of a file again."""
    return np.memmap(file, dtype, "r", offset, shape)


def _mapped(array: NDArray[Any]) -> "np.memmap[Any, Any] | None":
    """Find the map that an array is cut from."""
    found = None
    at: Any = array
    while isinstance(at, np.ndarray):
        if isinstance(at, np.memmap) and at.filename is not None:
            found = at
        at = at.base
    return found


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
