"""Counts drawn with characters: bars, histograms and the tables that they stand in."""

from collections.abc import Iterable, Sequence

from rich.table import Column, Table
from rich.text import Text

from curate.terminal.printable import brief

EIGHTHS = " ▁▂▃▄▅▆▇█"
NUMBERS = 40
"""Columns that a table of classes needs besides its labels."""
BAR = 12
"""Width of a whole bar in a table."""
ClassCounts = tuple[str, int, int, float | None]
"""A class: label, labels that are flagged, labels that were judged, share that is wrong (None: not
judged)."""


def histogram(name: str, counts: Sequence[int], top: float, bar: int, height: int) -> Text:
    """Draw counts of bins from 0 to ``top`` as upright bars, each ``bar`` wide and a gap."""
    most, last = max(max(counts), 1), height - 1
    text = Text.assemble((name, "bold"), (f"  most {most:,}\n", "dim"), no_wrap=True)
    step = bar + (bar > 1)
    for row in range(last, -1, -1):
        for count in counts:
            filled = round(8 * height * count / most) - 8 * row
            # A count above 0 is always visible.
            least = 1 if count and row == 0 else 0
            text.append((EIGHTHS[min(max(filled, least), 8)] * bar).ljust(step), "cyan")
        text.append("\n")
    width = step * len(counts) - (step - bar)
    ends = f"{top:.2f}".rstrip("0").rstrip(".")
    middle = f"{top / 2:.2f}".rstrip("0").rstrip(".")
    left = (width - len(middle)) // 2
    axis = "0".ljust(left) + middle
    return text.append(axis + ends.rjust(width - len(axis)), "dim")


def class_table(classes: Iterable[ClassCounts], title: str, share: str, names: int) -> Table:
    """Make a table of classes with a bar for the ``share``; labels take up to ``names`` columns."""
    table = Table(
        Column(title, no_wrap=True, overflow="ellipsis", max_width=names),
        Column("flagged", justify="right"),
        Column("of", justify="right"),
        Column(share, justify="right"),
        Column("", style="red", no_wrap=True),
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for label, flagged, judged, part in classes:
        known = ("–", "–", "") if part is None else (
            f"{flagged:,}", f"{part:.0%}", "▇" * round(BAR * part)
        )  # fmt: skip
        table.add_row(Text(brief(label)), known[0], f"{judged:,}", *known[1:])
    return table


def pair_table(pairs: Iterable[tuple[str, str, int]], title: str, names: int) -> Table:
    """Make a table of pairs of labels with their counts; labels take ``names`` columns each."""
    cut = {"no_wrap": True, "overflow": "ellipsis", "max_width": names}
    first, second = title.split(" → ")
    table = Table(
        Column(first, **cut),  # type: ignore[arg-type]
        Column(f"→ {second}", **cut),  # type: ignore[arg-type]
        Column("", justify="right"),
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for one, other, count in pairs:
        table.add_row(Text(brief(one)), Text(f"→ {brief(other)}"), f"{count:,}")
    return table
