"""Write arrays so that a full disk raises an error: no file is cut off, no bus error follows."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def write_array(file: BinaryIO, array: NDArray[Any]) -> None:
    """Write an array as .npy into an open file.

    `np.save` writes through C's buffers, and misses the error when the disk has no room for the
    last of them.
    """
    header = np.lib.format.header_data_from_array_1_0(np.empty_like(array, order="C", shape=(0,)))
    _write_header(file, {**header, "shape": array.shape})
    _write(file, array)


def write_square(path: Path, blocks: Iterable[NDArray[Any]]) -> None:
    """Write a square matrix, given in blocks of rows, as .npy."""
    with path.open("wb") as file:
        for number, block in enumerate(blocks):
            if number == 0:
                header = np.lib.format.header_data_from_array_1_0(block[:0])
                _write_header(file, {**header, "shape": (block.shape[1], block.shape[1])})
            _write(file, block)


def allocate(file: BinaryIO) -> None:
    """Reserve disk space for all of a mapped file, before it is written through the map.

    Raises OSError if the disk is full; writing through the map would end in a bus error.
    """
    size = os.fstat(file.fileno()).st_size
    if size and hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise


def _write_header(file: BinaryIO, header: dict[str, Any]) -> None:
    np.lib.format.write_array_header_1_0(file, header)


def _write(file: BinaryIO, array: NDArray[Any]) -> None:
    file.write(np.ascontiguousarray(array).data)
