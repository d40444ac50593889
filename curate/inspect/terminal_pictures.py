"""Choose the kind of pictures that a terminal can show, and draw them with textual-image.

The choice is made by environment variables. Asking the terminal itself is unsafe: a late answer, as
over ssh, ends up in the shell, and a terminal that nobody looks at never answers.
"""

from collections.abc import Mapping
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
    from curate.inspect.blocks import Blocks, SixelImage, TGPImage

    if kind is Pictures.SIXEL:
        return SixelImage(image, width, width // 2)
    if kind is Pictures.KITTY:
        return TGPImage(image, width, width // 2)
    return Blocks(image, width, width // 2)
