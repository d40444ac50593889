"""Place the bars and axes of a histogram; `histogram.svg` draws them in the page's own colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import ceil, floor, log10

from jinja2 import Environment, StrictUndefined

WIDTH, HEIGHT = 340, 150
"""Pixels, with the axes."""
LEFT, RIGHT, TOP, BOTTOM = 38, 18, 8, 22
"""Pixels around the bars; the same for all, so that plots beside each other have one size."""
GAP = 1.5
"""Pixels between bars."""
TICKS = 4
THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Bar:
    """A rectangle, in pixels from the top left corner."""

    x: float
    y: float
    width: float
    height: float
    said: str
    """Its range and its count."""
    marked: float = 0.0
    """Height of its part that is drawn in another colour."""


@dataclass(frozen=True)
class Tick:
    """A place on an axis, in pixels, and what is written there."""

    at: float
    said: str


@dataclass(frozen=True)
class Marked:
    """What is drawn in another colour."""

    counts: Sequence[int]
    """(n,): the part of each bar."""
    word: str
    """What these are."""
    limit: float | None = None
    """A value on the axis below which they lie."""


def histogram(
    edges: list[float],
    counts: list[int],
    axis: str,
    unit: str,
    percent: bool,
    marked: Marked | None = None,
) -> str:
    """Draw ``counts`` (n,) between ``edges`` (n + 1,) as SVG; ``percent``: edges are shares.

    Each bar says its range and its count to a screen reader, and to the page's script.
    """
    parts = [0] * len(counts) if marked is None else marked.counts
    words = ["" if marked is None else f", {part:,} {marked.word}" for part in parts]
    limit = None if marked is None else marked.limit
    highest = max(*counts, 1)
    across, up = (WIDTH - LEFT - RIGHT) / (edges[-1] - edges[0]), (HEIGHT - TOP - BOTTOM) / highest
    bars = [
        Bar(
            LEFT + across * (low - edges[0]) + GAP / 2,
            HEIGHT - BOTTOM - up * count,
            across * (high - low) - GAP,
            up * count,
            f"{_edge(low, percent)} to {_edge(high, percent)}: {count:,} {unit}{word}",
            up * part,
        )
        for low, high, count, part, word in zip(
            edges[:-1], edges[1:], counts, parts, words, strict=True
        )
    ]
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
        files(__package__).joinpath("histogram.svg").read_text("utf-8")
    )
    return template.render(
        width=WIDTH,
        height=HEIGHT,
        left=LEFT,
        right=WIDTH - RIGHT,
        base=HEIGHT - BOTTOM,
        axis=axis,
        top=TOP,
        bars=bars,
        limit=None if limit is None else LEFT + across * (limit - edges[0]),
        x_ticks=[
            Tick(LEFT + across * (value - edges[0]), _edge(value, percent))
            for value in round_values(edges[0], edges[-1])
        ],
        y_ticks=[
            Tick(HEIGHT - BOTTOM - up * value, _count(value))
            for value in round_values(0, highest, whole=True)
        ],
    )


def round_values(low: float, high: float, whole: bool = False) -> list[float]:
    """Give about TICKS round numbers (1, 2 or 5 times a power of 10 apart) from low to high."""
    rough = (high - low) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = min((power * times for times in (1, 2, 5, 10)), key=lambda step: abs(step - rough))
    step = max(step, 1) if whole else step
    return [step * n for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _edge(value: float, percent: bool) -> str:
    return f"{value:.0%}" if percent else f"{value:.3g}"


def _count(value: float) -> str:
    for size, letter in THOUSANDS:
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
