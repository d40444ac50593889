"""Outlines of the figures of the demo crawl: points in the square from -1 to 1, y down."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
"""(n, 2) corners, x and y."""
Outline = Callable[[np.random.Generator], Points]


def _polar(angles: NDArray[np.float64], radii: NDArray[np.float64] | float) -> Points:
    return np.stack([np.sin(angles) * radii, -np.cos(angles) * radii], axis=1)


def _round(start: float = 0.0, stop: float = 1.0, points: int = 48) -> NDArray[np.float64]:
    return np.linspace(2 * np.pi * start, 2 * np.pi * stop, points)


def _box(width: float, height: float) -> Points:
    return np.array([[-width, -height], [width, -height], [width, height], [-width, height]])


def _regular(sides: int) -> Points:
    return _polar(_round(points=sides + 1)[:-1], 1.0)


def _triangle(rng: np.random.Generator) -> Points:
    return _regular(3) + rng.uniform(-0.15, 0.15, (3, 2))


def _rectangle(rng: np.random.Generator) -> Points:
    return _box(1.0, rng.uniform(0.4, 0.65))


def _rhombus(rng: np.random.Generator) -> Points:
    width = rng.uniform(0.5, 0.7)
    return np.array([[0, -1], [width, 0], [0, 1], [-width, 0]])


def _trapezoid(rng: np.random.Generator) -> Points:
    top, height = rng.uniform(0.3, 0.5), rng.uniform(0.45, 0.65)
    return np.array([[-top, -height], [top, -height], [1, height], [-1, height]])


def _ellipse(rng: np.random.Generator) -> Points:
    return _polar(_round(), 1.0) * [1.0, rng.uniform(0.4, 0.65)]


def _crescent(rng: np.random.Generator) -> Points:
    # A moon is bounded by half a circle and half an ellipse, the edge of the light.
    limb = _polar(_round(0, 0.5), 1.0)
    edge = limb[::-1] * [rng.uniform(0.2, 0.5), 1.0]
    return np.concatenate([limb, edge]) - [0.5, 0.0]


def _star(rng: np.random.Generator) -> Points:
    radii = np.where(np.arange(10) % 2, rng.uniform(0.35, 0.5), 1.0)
    return _polar(_round(points=11)[:-1], radii)


def _heart(rng: np.random.Generator) -> Points:
    t = _round()
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y], axis=1) / 17


def _arrow(rng: np.random.Generator) -> Points:
    neck, shaft = rng.uniform(-0.1, 0.3), rng.uniform(0.15, 0.3)
    head = [[neck, -0.7], [1, 0], [neck, 0.7]]
    return np.array([[-1, -shaft], [neck, -shaft], *head, [neck, shaft], [-1, shaft]])


def _cross(rng: np.random.Generator) -> Points:
    arm = rng.uniform(0.2, 0.35)
    quarter = np.array([[arm, -arm], [1, -arm], [1, arm]])
    turn = np.array([[0, 1], [-1, 0]])
    return np.concatenate([quarter @ np.linalg.matrix_power(turn, k) for k in range(4)])


def _lightning(rng: np.random.Generator) -> Points:
    bolt = [[0.3, -1], [-0.6, 0.15], [-0.05, 0.15], [-0.3, 1], [0.6, -0.25], [0.05, -0.25]]
    return np.array(bolt) + rng.uniform(-0.08, 0.08, (6, 2))


def _cloud(rng: np.random.Generator) -> Points:
    lobes = rng.integers(5, 9)
    angles = _round(points=96)
    return _polar(angles, 0.75 + 0.25 * np.abs(np.sin(angles * lobes / 2))) * [1.0, 0.65]


def _spiral(rng: np.random.Generator) -> Points:
    turns = rng.uniform(2, 3)
    return _polar(_round(0, turns, 96), np.linspace(0.1, 1, 96))


def _scribble(rng: np.random.Generator) -> Points:
    corners = rng.uniform(-1, 1, (9, 2))
    return np.concatenate([np.linspace(a, b, 4) for a, b in pairwise(corners)])


def _letter(rng: np.random.Generator) -> Points:
    letters = {
        "N": [[-0.6, 0.9], [-0.6, -0.9], [0.6, 0.9], [0.6, -0.9]],
        "Z": [[-0.7, -0.9], [0.7, -0.9], [-0.7, 0.9], [0.7, 0.9]],
        "M": [[-0.8, 0.9], [-0.6, -0.9], [0, 0.4], [0.6, -0.9], [0.8, 0.9]],
        "K": [[-0.5, -0.9], [-0.5, 0.9], [-0.5, 0], [0.6, -0.9], [-0.5, 0], [0.6, 0.9]],
    }
    return np.array(letters[str(rng.choice(sorted(letters)))], dtype=float)


CLASSES: dict[str, Outline] = {
    "circle": lambda rng: _polar(_round(), 0.9),
    "crescent": _crescent,
    "ellipse": _ellipse,
    "heart": _heart,
    "hexagon": lambda rng: _regular(6),
    "pentagon": lambda rng: _regular(5),
    "rectangle": _rectangle,
    "rhombus": _rhombus,
    "square": lambda rng: _box(0.75, 0.75),
    "star": _star,
    "trapezoid": _trapezoid,
    "triangle": _triangle,
}
"""The classes, closed figures; each name has a WordNet sense that is a figure."""

STRANGERS: dict[str, Outline] = {
    "arrow": _arrow,
    "cloud": _cloud,
    "cross": _cross,
    "letter": _letter,
    "lightning": _lightning,
    "scribble": _scribble,
    "spiral": _spiral,
}
"""What a search finds that belongs to none of the classes."""

OPEN_LINES = frozenset({"letter", "scribble", "spiral"})
"""Figures that are a stroke from end to end, and enclose nothing."""
