"""Pictures in terminals of 256 colours."""

import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from curate.inspect.dithered import COLOURS, FIRST, nearest_colours
from curate.inspect.terminal_pictures import Pictures, picture

RAMP = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, axis=0)


def means(pixels: np.ndarray) -> np.ndarray:
    """Of squares of 8 by 8 pixels."""
    return pixels.reshape(8, 8, 8, 8, 3).mean(axis=(1, 3))


def test_a_colour_of_the_palette_is_drawn_by_itself_or_its_neighbour() -> None:
    for colour in COLOURS:
        found = nearest_colours(np.full((2, 2, 3), colour, np.uint8))
        assert np.abs(np.array(COLOURS)[found] - colour).max() <= 8


@pytest.mark.parametrize("tint", [(1.0, 0.2, 0.1), (0.3, 0.5, 1.0)])
def test_an_area_keeps_its_mean_colour(tint: tuple[float, float, float]) -> None:
    pixels = (RAMP * np.array(tint)).astype(np.uint8)
    drawn = np.array(COLOURS)[nearest_colours(pixels)]
    plain = np.array(COLOURS)[
        ((np.array(COLOURS) - pixels[:, :, None]) ** 2).sum(axis=3).argmin(axis=2)
    ]
    errors = [np.abs(means(image) - means(pixels)).mean() for image in (drawn, plain)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize(("system", "code"), [("256", "38;5;"), ("truecolor", "38;2;")])
def test_blocks_are_dithered_where_there_are_256_colours(system: str, code: str) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system=system, width=20)
    console.print(picture(Image.new("RGB", (8, 8), (100, 140, 180)), Pictures.BLOCKS, 8))
    written = console.file.getvalue()
    assert written.count("▀") == 8 * 4
    assert code in written
    numbers = {part.split("m")[0].split(";")[0] for part in written.split("38;5;")[1:]}
    assert all(int(number) >= FIRST for number in numbers)
    assert (len(numbers) > 1) == (system == "256")
