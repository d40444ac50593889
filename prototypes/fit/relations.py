"""Class relations S_t; where there is no side information, how alike the classes look."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, tiles

Some = slice | NDArray[np.integer[Any]]
TILE_CLASSES = 512
"""Rows of S_t in memory at a time."""


@dataclass(frozen=True)
class Relations:
    """S_t with its unknown entries filled by visual relations: cosines of initial prototypes."""

    graph: NDArray[np.floating[Any]] | None
    """(C, C), NaN for a class that is in no graph; or None."""
    initial: NDArray[np.float32]
    """(C, d): initial prototypes."""
    level: float
    slope: float
    """Visual relations times ``slope`` plus ``level`` are on the scale of the graph."""

    def rows(self, classes: Some, part: slice = slice(None)) -> NDArray[np.floating[Any]]:
        """Return the relations (m, c) of some classes to the classes of a part, or to all."""
        known = None if self.graph is None else self.graph[classes, part]
        unknown = True if known is None else np.isnan(known)
        if known is not None and not np.any(unknown):
            return known
        visual = self.initial[classes] @ self.initial[part].T
        visual *= np.float32(self.slope)
        visual += np.float32(self.level)
        return visual if known is None else np.where(unknown, visual, known)

    def between(self, a: NDArray[np.integer[Any]], b: NDArray[np.integer[Any]]) -> Floats:
        """Return the relation of each class in a to the class in b at the same place."""
        visual = np.einsum("...i,...i->...", self.initial[a], self.initial[b])
        visual = visual * np.float32(self.slope) + np.float32(self.level)
        if self.graph is None:
            return np.asarray(visual)
        known = self.graph[a, b]
        return np.asarray(np.where(np.isnan(known), visual, known))

    def knows(self, classes: Some) -> NDArray[np.bool_]:
        """Tell which of some classes (m,) the graph relates to another class."""
        if self.graph is None:
            return np.zeros(len(self.initial[classes]), bool)
        return np.asarray((~np.isnan(self.graph[classes])).sum(axis=1) > 1)


def relations_of(
    graph: NDArray[np.floating[Any]] | None, initial: NDArray[np.float32]
) -> Relations:
    """Fit visual relations to the scale of the graph S_t (C, C) by least squares.

    The fit is over the pairs of classes that the graph knows; if there are none, the scale is
    unchanged. Raises ValueError if the graph is not (C, C).
    """
    if graph is None:
        return Relations(None, initial, 0.0, 1.0)
    if graph.shape != (len(initial), len(initial)):
        raise ValueError(
            f"The graph has shape {graph.shape}, but there are {len(initial)} classes: "
            "give a square matrix with one row and one column per class."
        )
    pairs, x, y, xx, xy = sum(
        (
            _known_sums(graph[part], initial[part] @ initial.T)
            for part in tiles(len(initial), TILE_CLASSES)
        ),
        np.zeros(5),
    )
    spread = xx * pairs - x * x
    if not spread > 0:
        return Relations(graph, initial, 0.0, 1.0)
    slope = max((xy * pairs - x * y) / spread, 0.0)
    return Relations(graph, initial, float((y - slope * x) / pairs), float(slope))


def _known_sums(
    graph: NDArray[np.floating[Any]], visual: NDArray[np.float32]
) -> NDArray[np.float64]:
    known = ~np.isnan(graph)
    x, y = np.where(known, visual, np.float32(0)), np.where(known, graph, np.float32(0))
    squares, products = np.einsum("ij,ij->i", x, x), np.einsum("ij,ij->i", x, y)
    sums = (part.sum(dtype=np.float64) for part in (known, x, y, squares, products))
    return np.array(list(sums))
