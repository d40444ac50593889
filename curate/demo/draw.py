"""Draw one picture of a figure on a varied background."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from curate.demo.figures import CLASSES, OPEN_LINES, STRANGERS, Points

SIDE = 64
FINE = 4
"""Figures are drawn this many times larger and reduced, for smooth edges."""

Canvas = NDArray[np.float32]
"""(SIDE, SIDE, 3) RGB in [0, 1]."""


def draw_jpeg(figure: str, rng: np.random.Generator) -> bytes:
    """Draw ``figure``, a name of CLASSES or STRANGERS, and return it as a JPEG file."""
    ground = rng.uniform(0, 1, 3).astype(np.float32)
    canvas = _background(ground, rng)
    mask = _mask(figure, rng)[..., None]
    canvas += mask * (_contrasting(ground, rng) - canvas)
    canvas += rng.normal(0, rng.uniform(0, 0.06), canvas.shape).astype(np.float32)
    buffer = io.BytesIO()
    Image.fromarray((canvas.clip(0, 1) * 255).astype(np.uint8)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _contrasting(ground: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    # With a smaller mean difference per channel nobody would see the figure.
    while True:
        colour = rng.uniform(0, 1, 3).astype(np.float32)
        if np.abs(colour - ground).mean() > 0.35 and abs((colour - ground).mean()) > 0.2:
            return colour


def _mask(figure: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return how much of each pixel the figure covers, (SIDE, SIDE) in [0, 1]."""
    corners = [(x, y) for x, y in _place(_outline(figure, rng), rng).tolist()]
    image = Image.new("L", (SIDE * FINE, SIDE * FINE))
    pen = ImageDraw.Draw(image)
    filled = rng.uniform() < 0.6 and figure not in OPEN_LINES
    if filled:
        pen.polygon(corners, fill=255)
    else:
        closing = [] if figure in OPEN_LINES else corners[:2]
        width = int(rng.integers(3, 6)) * FINE
        pen.line(corners + closing, fill=255, width=width, joint="curve")
    return np.asarray(image.reduce(FINE), dtype=np.float32) / np.float32(255)


def _outline(figure: str, rng: np.random.Generator) -> Points:
    return (CLASSES.get(figure) or STRANGERS[figure])(rng)


def _place(points: Points, rng: np.random.Generator) -> Points:
    """Turn, scale and shift an outline so that it stays inside the picture."""
    angle = np.deg2rad(rng.normal(0, 10))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    scale = rng.uniform(0.55, 0.85)
    slack = 0.6 * (0.92 - scale)
    placed: Points = points @ turn * scale + rng.uniform(-slack, slack, 2)
    return (placed + 1) * SIDE * FINE / 2


def _background(ground: NDArray[np.float32], rng: np.random.Generator) -> Canvas:
    kinds = (_gradient, _stripes, _grain, _blobs)
    pattern = kinds[rng.integers(len(kinds))](rng).astype(np.float32)
    shift = rng.uniform(-0.3, 0.3, 3).astype(np.float32)
    return np.asarray(ground + pattern[..., None] * shift, dtype=np.float32)


def _slope(rng: np.random.Generator) -> NDArray[np.float64]:
    """Measure the distance along a random direction, (SIDE, SIDE) in about [-1, 1]."""
    angle = rng.uniform(0, 2 * np.pi)
    axis = np.linspace(-1, 1, SIDE)
    slope: NDArray[np.float64] = np.cos(angle) * axis[None, :] + np.sin(angle) * axis[:, None]
    return slope


def _gradient(rng: np.random.Generator) -> NDArray[np.float64]:
    return _slope(rng)


def _stripes(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.sin(_slope(rng) * rng.uniform(6, 25)) * 0.7


def _grain(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(-1, 1, (SIDE, SIDE))


def _blobs(rng: np.random.Generator) -> NDArray[np.float64]:
    coarse = Image.fromarray(rng.uniform(-1, 1, (6, 6)).astype(np.float32))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float64)
