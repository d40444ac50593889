"""Choose the kind of pictures that a terminal can show, and draw them with textual-image.

The choice is made by environment variables. Asking the terminal itself is unsafe: a late answer, as
over ssh, ends up in the shell, and a terminal that nobody looks at never answers.
"""

import io
import os
import struct
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from PIL import Image
from rich.console import Console, RenderableType

SIXEL_TERMS = ("foot", "foot-extra", "mlterm", "contour", "yaft-256color")
SIXEL_PROGRAMS = ("WezTerm", "iTerm.app", "mintty")
KITTY_TERMS = ("xterm-kitty", "xterm-ghostty")
MULTIPLEXERS = ("TMUX", "STY", "ZELLIJ")
"""Variables that are set inside a terminal multiplexer."""
FIRST_SIXEL_KONSOLE = 220400


class Pictures(StrEnum):
    """How pictures are shown."""

    AUTO = "auto"
    BLOCKS = "blocks"
    """Two pixels a character, as its two colours: works in every terminal with colours."""
    SIXEL = "sixel"
    KITTY = "kitty"
    NONE = "none"
    """Words only."""


def choose_pictures(wanted: Pictures, console: Console, environment: Mapping[str, str]) -> Pictures:
    """Choose what this console can show; a kind that the user named is not checked."""
    if wanted is not Pictures.AUTO:
        return wanted
    if not (console.is_terminal and console.color_system) or console.no_color:
        return Pictures.NONE
    term, program = environment.get("TERM", ""), environment.get("TERM_PROGRAM", "")
    if any(name in environment for name in MULTIPLEXERS) or term.startswith(("screen", "tmux")):
        return Pictures.BLOCKS
    if "KITTY_WINDOW_ID" in environment or term in KITTY_TERMS or program == "ghostty":
        return Pictures.KITTY
    konsole = environment.get("KONSOLE_VERSION", "")
    if (
        term in SIXEL_TERMS
        or program in SIXEL_PROGRAMS
        or (konsole.isdecimal() and int(konsole) >= FIRST_SIXEL_KONSOLE)
    ):
        return Pictures.SIXEL
    return Pictures.BLOCKS


def picture(image: Image.Image, kind: Pictures, width: int) -> RenderableType:
    """Draw a square image ``width`` columns wide and half as many lines high."""
    with unasked():
        from textual_image.renderable import HalfcellImage, SixelImage, TGPImage

        # textual-image keeps the first size of a cell that it finds.
        HalfcellImage(image).__rich_measure__(Console(), Console().options)
    if kind is Pictures.SIXEL:
        return SixelImage(image, width, width // 2)
    if kind is Pictures.KITTY:
        return TGPImage(image, width, width // 2)
    return HalfcellImage(image, width, width // 2)


@contextmanager
def unasked() -> Iterator[None]:
    """Keep textual-image from asking the terminal, as it does when it is imported."""
    size = _cell_pixels()
    if size is not None:
        os.environ["TEXTUAL_CELL_WIDTH"], os.environ["TEXTUAL_CELL_HEIGHT"] = map(str, size)
    name, real = "__stdout__", sys.__stdout__
    setattr(sys, name, io.StringIO())
    try:
        yield
    finally:
        setattr(sys, name, real)


def _cell_pixels() -> tuple[int, int] | None:
    """Read the width and height of a cell from the terminal's settings; None if they lack it."""
    try:
        import fcntl
        import termios

        window = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError):
        return None
    lines, columns, width, height = struct.unpack("4H", window)
    if not (lines and columns and width >= columns and height >= lines):
        return None
    return width // columns, height // lines
