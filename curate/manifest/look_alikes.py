"""Find labels that may not be what they seem, before time is spent on them."""

from collections import defaultdict

from rich.console import Console

from curate.manifest.classes import Classes
from curate.terminal.notices import warn
from curate.terminal.printable import FEW, brief, counted, examples

NO_LABEL = {"nan", "none", "null", "na", "n/a", "#n/a", "<na>", "empty", "undefined", "(null)", "-"}
"""What programs write for no label, in lower case."""


def say_look_alikes(classes: Classes, console: Console) -> None:
    """Say which labels are one class in several spellings, may be one class, or may be none."""
    _say_joined(classes, console)
    _say_cases(classes, console)
    _say_empty(classes, console)


def _say_joined(classes: Classes, console: Console) -> None:
    if classes.joined:
        most, other = classes.joined[0][:2]
        warn(
            console,
            "Joined",
            f"{counted(len(classes.joined), 'class', 'classes')} written in several ways that look"
            f" the same (blanks, Unicode form), such as {_ascii(most)} and {_ascii(other)}; each"
            " counts as one class, and the labels stay as they are in the output.",
        )


def _say_cases(classes: Classes, console: Console) -> None:
    by_case = defaultdict(list)
    for name in classes.names:
        by_case[name.casefold()].append(name)
    alike = [names for names in by_case.values() if len(names) > 1]
    if alike:
        warn(
            console,
            "Labels that differ only in case",
            f"{len(alike):,}, such as {examples(alike[0])}; each is a class of its own, so write"
            " them alike if they are the same.",
        )


def _say_empty(classes: Classes, console: Console) -> None:
    named = zip(classes.names, classes.counts, strict=True)
    empty = [
        f"'{brief(name)}' ({counted(n, 'row')})" for name, n in named if name.casefold() in NO_LABEL
    ]
    if empty:
        warn(
            console,
            "Labels that seem to say that there is none",
            f"{', '.join(empty[:FEW])}; each counts as a class, so leave the label empty where"
            " there is none.",
        )


def _ascii(text: str) -> str:
    """Show a label so that spellings that look the same can be told apart."""
    return f"'{brief(text.encode('ascii', 'backslashreplace').decode())}'"
