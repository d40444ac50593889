"""Progress on the screen: what is done, how fast, how long the rest takes; silent when piped."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from curate.terminal.notebook import lacks_widgets, notebook_line


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
        yield lambda rows: progress.advance(task, rows)


def busy(console: Console, text: str) -> contextlib.AbstractContextManager[object]:
    """Show a text and a spinner while the block runs; nothing where rich cannot draw them."""
    return contextlib.nullcontext() if lacks_widgets(console) else console.status(text)
