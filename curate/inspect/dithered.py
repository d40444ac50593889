"""Blocks of colour for terminals that have 256: dithered, so that skies and skins have no steps."""

from collections.abc import Iterable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

LEVELS = (0, 95, 135, 175, 215, 255)
FIRST = 16
"""Number of the first colour that every terminal draws alike; themes change those before it."""
CUBE = [*product(LEVELS, repeat=3)]
GRAYS = [(8 + 10 * step,) * 3 for step in range(24)]
COLOURS = [*CUBE, *GRAYS]
"""RGB of colours 16 to 255 of xterm."""


def dithered(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Draw half blocks, two pixels a cell, again in the 256 colours, by Floyd and Steinberg."""
    lines = _lines(segments)
    numbers = nearest_colours(_pixels(lines)) + FIRST
    for row, line in enumerate(lines):
        for at, segment in enumerate(line):
            upper, lower = (Color.from_ansi(int(n)) for n in numbers[2 * row : 2 * row + 2, at])
            yield Segment(segment.text, Style(color=upper, bgcolor=lower))
        yield Segment.line()


def nearest_colours(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return indices into COLOURS (h, w) for pixels (h, w, 3)."""
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in COLOURS for part in colour])
    drawn = Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    found = np.asarray(drawn).astype(np.int64)
    return np.where(found < len(COLOURS), found, 0)  # entries that fill the palette are black


def _lines(segments: Iterable[Segment]) -> list[list[Segment]]:
    lines: list[list[Segment]] = [[]]
    for segment in segments:
        if segment.text == "\n":
            lines.append([])
        else:
            lines[-1].append(segment)
    return [line for line in lines if line]


def _pixels(lines: list[list[Segment]]) -> NDArray[np.uint8]:
    """Read the colours (2 · lines, columns, 3) of half blocks."""
    halves = [
        [[*_rgb(segment, lower)] for segment in line] for line in lines for lower in (False, True)
    ]
    return np.array(halves, np.uint8)


def _rgb(segment: Segment, lower: bool) -> tuple[int, int, int]:
    style = segment.style or Style()
    colour = style.bgcolor if lower else style.color
    return (0, 0, 0) if colour is None else colour.get_truecolor()
