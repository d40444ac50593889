"""Progress on the screen: what is done, how fast, how long the rest takes; silent when piped."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from curate.terminal.notebook import lacks_widgets, notebook_line
from curate.terminal.printable import brief

_showing: list[Console] = []
"""Where bars are shown now."""


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """Show the speed that rich measured, or nothing yet."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="progress.data.speed")


@contextlib.contextmanager
def progress_bar(
    console: Console, description: str, total: int, done: int = 0
) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs; call the yielded function with how many rows were done."""
    if lacks_widgets(console) and not console.quiet:
        with notebook_line(description, total, done) as advance:
            yield advance
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=console.quiet or not console.is_terminal,
    ) as progress:
        task = progress.add_task(description, total=total, completed=done)
        _showing.append(console)
        try:
            yield lambda rows: progress.advance(task, rows)
        finally:
            _showing.remove(console)


@contextlib.contextmanager
def fetch_bar(name: str, size: int) -> Iterator[Callable[[int], None]]:
    """Show how many of an object's bytes are here, below the bar that is shown now.

    Silent when piped, and in a notebook.
    """
    console = next(iter(_showing), None) or Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    hidden = not console.is_terminal or console.is_jupyter
    with Progress(*columns, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task(escape(f"Fetching {brief(name)}"), total=size)
        yield lambda come: progress.advance(task, come)


def busy(console: Console, text: str) -> contextlib.AbstractContextManager[object]:
    """Show a text and a spinner while the block runs; nothing where rich cannot draw them."""
    return contextlib.nullcontext() if lacks_widgets(console) else console.status(text)
