"""Import textual-image without letting it ask the terminal anything."""

import io
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager


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
