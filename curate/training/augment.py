"""Augment pictures: mirror them, and move them a little."""

import numpy as np
from numpy.typing import NDArray

MOVE = 1 / 8
"""Most that a picture is moved, as a share of its side; its edge is mirrored into the gap."""

Pictures = NDArray[np.uint8]


def augmented(pictures: Pictures, rng: np.random.Generator) -> Pictures:
    """Mirror half of the pictures (n, s, s, 3) and move each by up to ``MOVE``."""
    n, side = pictures.shape[:2]
    most = int(side * MOVE)
    along = np.arange(side)
    down, across = (along + rng.integers(-most, most + 1, (n, 1)) for _ in range(2))
    mirrored = rng.random(n) < 0.5
    across[mirrored] = across[mirrored, ::-1]
    row = np.arange(n)[:, None, None]
    moved: Pictures = pictures[row, _inside(down, side)[:, :, None], _inside(across, side)[:, None]]
    return moved


def _inside(positions: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """Mirror positions beyond the edges back into [0, side)."""
    positions = np.abs(positions)
    return np.minimum(positions, 2 * (side - 1) - positions)
