"""Print lines for a person beside a command's tables: texts of any origin, without markup."""

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.text import Text

from curate.terminal.printable import printable
from curate.terminal.skipped import Skipped


def say(console: Console, line: str) -> None:
    """Print a line that is not wrapped, so that paths in it can be copied."""
    console.print(Text(printable(line)), soft_wrap=True)


def warn(console: Console, title: str, text: str) -> None:
    """Print a warning, on a quiet console too; its title is yellow."""
    line = Text.assemble((f"{printable(title)}:", "yellow"), f" {printable(text)}")
    print_anyway(console, line)


def print_anyway(console: Console, line: RenderableType) -> None:
    """Print a line that is not wrapped, on a quiet console (--quiet) too."""
    quiet, console.quiet = console.quiet, False
    console.print(line, soft_wrap=True)
    console.quiet = quiet


def say_skipped(console: Console, skipped: Iterable[Skipped]) -> None:
    """Print what was passed over, a line for each kind."""
    for each in skipped:
        say(console, f"Passed over: {each}")
