"""S_t = S_w + S_l: the sum of relation matrices, after each is brought to the same scale."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphs.row_blocks import Blocks, row_blocks

SIBLING = 1 / 3
"""Scaled relation of a class to its nearest: the path similarity of two siblings."""
SAMPLED_ROWS = 2_048
"""Rows on which the scale is measured: enough for a median."""

Matrix = NDArray[np.float32]


def blend_rows(relations: Sequence[Matrix]) -> Blocks:
    """Yield S_t (C, C) by blocks of rows; relations are matrices (C, C), NaN where unknown.

    Each matrix is scaled (see `scale_of`), and an entry is the mean over the matrices that know it;
    NaN if none does. This is the sum of SINet Eq. 3 up to a factor, which τ_t absorbs, and it stays
    on the same scale where only some of the matrices know a class. Raises ValueError without any
    matrix, and if their shapes differ.
    """
    shapes = {S.shape for S in relations}
    if len(shapes) != 1:
        raise ValueError(f"Relation matrices of shapes {sorted(shapes)} have no sum.")
    scales = [scale_of(S) for S in relations]
    for rows in row_blocks(len(relations[0])):
        total = np.zeros((rows.stop - rows.start, len(relations[0])), np.float32)
        count = np.zeros(total.shape, np.uint8)
        for S, scale in zip(relations, scales, strict=True):
            known = ~np.isnan(S[rows])
            total += np.where(known, _on_scale(S[rows], scale), 0)
            count += known
        yield np.where(count > 0, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _on_scale(S: Matrix, scale: tuple[np.float32, np.float32]) -> Matrix:
    typical, spread = scale
    return np.asarray((S - typical) / spread, np.float32)


def scale_of(S: Matrix) -> tuple[np.float32, np.float32]:
    """Return what to subtract from S (C, C), and what to divide it by, to bring it to scale.

    On that scale the median relation of two classes is 0, and the median over classes of the
    relation to the nearest class is 1/3. Medians, so that a few odd classes do not set the scale.
    The diagonal is left out: a path similarity of 1/3 and a BERT cosine of 0.9 both mean "the
    nearest class", but the diagonal is 1 in both. If all classes are equally near (always with two
    classes), the diagonal becomes 1 instead.
    """
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
