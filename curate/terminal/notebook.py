"""Progress in a notebook that lacks ipywidgets, by which rich draws its bars there."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock

from rich.console import Console

SECONDS = 0.5
"""Between two changes of the line."""


def lacks_widgets(console: Console) -> bool:
    """Tell whether a console is a notebook in which rich would warn in the place of each bar."""
    return console.is_jupyter and find_spec("ipywidgets") is None


@contextmanager
def notebook_line(description: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Show one line of text that changes, and goes at the end; see `progress_bar`."""
    from IPython.display import display

    shown = display(_text(f"{description} {done:,}/{total:,}"), raw=True, display_id=True)
    lock, last = Lock(), time.monotonic()

    def advance(rows: int) -> None:
        nonlocal done, last
        with lock:
            done += rows
            if time.monotonic() - last >= SECONDS:
                last = time.monotonic()
                shown.update(_text(f"{description} {done:,}/{total:,}"), raw=True)

    try:
        yield advance
    finally:
        shown.update(_text(""), raw=True)


def _text(line: str) -> dict[str, str]:
    return {"text/plain": line}
