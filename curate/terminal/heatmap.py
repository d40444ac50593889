"""Draw relation matrices as one picture: a panel for each graph, all in one order of classes."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MOST_CLASSES = 2_000
"""More are not drawn: a cell cannot be smaller than a pixel."""
PANEL, LARGEST_CELL, LEAST_NAMED = 800, 24, 8
"""Pixels: the intended side of a panel, the largest cell, and the smallest that a name fits."""
GAP, TITLE = 12, 24
UNKNOWN, PAPER, INK = (160, 160, 160), (255, 255, 255), (20, 20, 20)
# Six points of the colour map viridis, from low to high.
_COLOURS = np.array(
    [(68, 1, 84), (65, 68, 135), (42, 120, 142), (34, 168, 132), (122, 209, 81), (253, 231, 37)]
)

Matrix = NDArray[np.float32]


def draw_heatmap(
    matrices: Mapping[str, Matrix], names: Sequence[str], order: NDArray[np.intp]
) -> Image.Image:
    """Draw each matrix (C, C) under its title, its rows and columns in ``order`` (m,).

    The colours of each run from the 2nd to the 99.8th percentile outside its diagonal; relations
    that are not known are grey. Rows have names if cells are high enough.
    """
    cell = max(1, min(LARGEST_CELL, PANEL // len(order)))
    side, margin = cell * len(order), 0
    font = ImageFont.load_default(max(min(cell, 14), 6))
    if cell >= LEAST_NAMED:
        margin = GAP + max(int(font.getlength(names[i])) for i in order)
    width = margin + GAP + len(matrices) * (side + GAP)
    image = Image.new("RGB", (width, TITLE + side + GAP), PAPER)
    draw = ImageDraw.Draw(image)
    if margin:
        for row, i in enumerate(order):
            at = (margin, TITLE + cell * (row + 0.5))
            draw.text(at, names[i], INK, font, anchor="rm")
    for panel, (title, S) in enumerate(matrices.items()):
        left = margin + GAP + panel * (side + GAP)
        draw.text((left, TITLE // 2), title, INK, ImageFont.load_default(14), anchor="lm")
        cells = Image.fromarray(_colours(S[np.ix_(order, order)]))
        image.paste(cells.resize((side, side), Image.Resampling.NEAREST), (left, TITLE))
    return image


def _colours(S: Matrix) -> NDArray[np.uint8]:
    """Return (m, m, 3)."""
    others = S[~np.eye(len(S), dtype=bool) & ~np.isnan(S)]
    low, high = np.percentile(others, [2, 99.8]) if len(others) else (0.0, 1.0)
    height = np.clip((S - low) / max(high - low, 1e-9), 0, 1) * (len(_COLOURS) - 1)
    steps = np.arange(len(_COLOURS))
    coloured = np.stack([np.interp(height, steps, band) for band in _COLOURS.T], axis=-1)
    return np.where(np.isnan(S)[..., None], UNKNOWN, coloured).astype(np.uint8)
