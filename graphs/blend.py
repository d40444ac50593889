"""S_t = S_w + S_l: the sum of relation matrices, each on the same scale first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphs.blocks import Blocks, row_blocks, whole

SIBLING = 1 / 3
"""Where the nearest class comes to lie: path similarity has siblings there."""
SAMPLED_ROWS = 2_048
"""Rows that the scale is measured on: a median needs no more."""

Matrix = NDArray[np.float32]


def blend(relations: Sequence[Matrix]) -> Matrix:
    """Return S_t (C, C) of relation matrices (C, C), NaN where none of them knows an entry.

    One matrix comes back as it is. Of several, each is `scaled`, and an entry is the mean over
    those that know it: the sum of SINet Eq. 3 up to a factor, which τ_t takes up, but one that
    stays on the same scale where a class is unknown to one of them. Raises ValueError without
    any, and where their shapes differ.
    """
    if len(relations) == 1:
        return relations[0]
    blocks = blend_rows(relations)
    return whole(blocks, len(relations[0]) if relations else 0)


def blend_rows(relations: Sequence[Matrix]) -> Blocks:
    """Yield the blocks of rows of S_t, see `blend`, of two matrices or more."""
    shapes = {S.shape for S in relations}
    if len(shapes) != 1:
        raise ValueError(f"Relation matrices of shapes {sorted(shapes)} have no sum.")
    scales = [scale_of(S) for S in relations]
    for rows in row_blocks(len(relations[0])):
        total = np.zeros((rows.stop - rows.start, len(relations[0])), np.float32)
        known = np.zeros(total.shape, np.uint8)
        for S, scale in zip(relations, scales, strict=True):
            there = ~np.isnan(S[rows])
            total += np.where(there, _on_scale(S[rows], scale), 0)
            known += there
        yield np.where(known > 0, total / np.maximum(known, 1), np.nan).astype(np.float32)


def scaled(S: Matrix) -> Matrix:
    """Map S (C, C) affinely: two classes have 0 in the median, the nearest class has 1/3.

    The median over classes of the greatest entry outside the diagonal is "the nearest". Medians,
    so that a few odd classes do not set the scale. It is measured outside the diagonal, because
    a path similarity of 1/3 and a BERT cosine of 0.9 both say "its nearest neighbour", while the
    diagonal is 1 in both. Where all classes are equally near (always with two), the diagonal
    comes to 1 instead. NaN stays NaN.
    """
    return _on_scale(S, scale_of(S))


def _on_scale(S: Matrix, scale: tuple[np.float32, np.float32]) -> Matrix:
    typical, spread = scale
    return np.asarray((S - typical) / spread, np.float32)


def scale_of(S: Matrix) -> tuple[np.float32, np.float32]:
    """Return what `scaled` takes off S (C, C) and then divides it by."""
    rows = np.arange(0, len(S), -(-len(S) // SAMPLED_ROWS))
    own = S[rows, rows]
    others = np.array(S[rows], np.float32)
    others[np.arange(len(rows)), rows] = np.nan
    others = others[~np.isnan(others).all(axis=1)]
    if not len(others):
        return np.float32(0), np.float32(1)
    typical = np.nanmedian(others)
    spread = (np.median(np.nanmax(others, axis=1)) - typical) / SIBLING
    if not spread > 0:
        spread = np.nanmedian(own) - typical
    return np.float32(typical), np.float32(spread if spread > 0 else 1)
