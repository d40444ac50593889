"""Labels that may not be what they seem: said before time goes into them."""

from collections import defaultdict

from rich.console import Console

from curate.classes import Classes
from curate.notices import warn
from curate.printable import brief

NO_LABEL = {"nan", "none", "null", "na", "n/a", "#n/a", "<na>", "empty", "undefined", "(null)", "-"}
"""What programs write where there is no label, in small letters."""
SHOWN = 3


def say_look_alikes(classes: Classes, console: Console) -> None:
    """Say which labels are one class in several spellings, and which may be one, or none."""
    if classes.joined:
        most, other = classes.joined[0][:2]
        warn(
            console,
            "Joined",
            f"{len(classes.joined):,} classes are written in several ways that look the same"
            f" (blanks, Unicode form), such as {_ascii(most)} and {_ascii(other)}; each counts as"
            " one class, and the labels stay as they are in the output.",
        )
    by_case = defaultdict(list)
    for name in classes.names:
        by_case[name.casefold()].append(name)
    alike = [names for names in by_case.values() if len(names) > 1]
    if alike:
        names = ", ".join(f"'{brief(name)}'" for name in alike[0][:SHOWN])
        warn(
            console,
            "Labels that differ only in case",
            f"{len(alike):,}, such as {names}; each is a class of its own, so write them alike if"
            " they are the same.",
        )
    none = [
        f"'{brief(name)}' ({count:,} rows)"
        for name, count in zip(classes.names, classes.counts, strict=True)
        if name.casefold() in NO_LABEL
    ]
    if none:
        warn(
            console,
            "Labels that seem to say that there is none",
            f"{', '.join(none[:SHOWN])}; each counts as a class, so leave the label empty where"
            " there is none.",
        )


def _ascii(text: str) -> str:
    """Show a label so that what looks the same is told apart."""
    return f"'{brief(text.encode('ascii', 'backslashreplace').decode())}'"
