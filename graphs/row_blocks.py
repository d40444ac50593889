"""Relation matrices in blocks of rows: with 50,000 classes a whole matrix is 10 GB."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

CLASSES = 512
"""Rows of a block."""

Blocks = Iterator[NDArray[np.float32]]
"""A relation matrix (C, C) as blocks of rows (c, C), in order."""


def row_blocks(classes: int) -> Iterator[slice]:
    """Split the rows of a matrix of this many classes into blocks."""
    for start in range(0, classes, CLASSES):
        yield slice(start, min(start + CLASSES, classes))


def whole(blocks: Blocks, classes: int) -> NDArray[np.float32]:
    """Join blocks of rows into one matrix (C, C)."""
    S = np.empty((classes, classes), np.float32)
    for rows, block in zip(row_blocks(classes), blocks, strict=True):
        S[rows] = block
    return S
