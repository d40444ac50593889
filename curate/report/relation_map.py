"""The class relation graph on the page: each class's nearest others, and a heat map."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.report.names import Names

NEAREST = 5
MOST_DRAWN = 300
"""Classes; more would be thinner than a pixel."""
COLOUR = (43, 122, 120)

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Relations:
    """What a page shows of S_t."""

    near: dict[str, list[tuple[str, float]]]
    """By label: the nearest others and their relation to it."""
    shown: list[int]
    """Numbers of the listed classes that the map has, in the order of its rows."""
    low: float
    high: float
    """The least and the greatest relation of two classes of the map."""
    image: str
    """The map as the data URL of a PNG with a pixel for each pair. Alpha is 0 where the relation is
    not known; elsewhere it rises from 1 at ``low`` to 255 at ``high``."""


def show_relations(S: Matrix, labels: tuple[str, ...], names: Names) -> Relations:
    """Find the nearest classes of ``labels`` (C,) by S (C, C), draw the first listed ones."""
    from graphs.order import block_order, nearest_classes

    near = {
        labels[c]: [(labels[other], float(S[c, other])) for other in others if other >= 0]
        for c, others in enumerate(nearest_classes(S, NEAREST))
    }
    place = {label: at for at, label in enumerate(labels)}
    drawn = [label for label in names.listed if label in place][:MOST_DRAWN]
    part = S[np.ix_([place[label] for label in drawn], [place[label] for label in drawn])]
    order = block_order(part)
    part = part[np.ix_(order, order)]
    others = part[~np.eye(len(part), dtype=bool) & ~np.isnan(part)]
    low, high = (float(others.min()), float(others.max())) if len(others) else (0.0, 1.0)
    numbers = {label: at for at, label in enumerate(names.listed)}
    shown = [numbers[drawn[at]] for at in order]
    return Relations(near, shown, low, high, _png(part, low, high))


def _png(S: Matrix, low: float, high: float) -> str:
    height = np.clip((S - low) / max(high - low, 1e-9), 0, 1)
    pixels = np.empty((*S.shape, 4), np.uint8)
    pixels[..., :3] = COLOUR
    pixels[..., 3] = np.where(np.isnan(S), 0, np.rint(1 + 254 * np.nan_to_num(height)))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
