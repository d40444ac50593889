"""The summary of a weighted manifest on one screen."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from curate.inspect.class_names import named
from curate.inspect.overview import Histogram, Overview
from curate.terminal.charts import NUMBERS, class_table, histogram, pair_table
from curate.terminal.printable import brief, counted, shown_lines
from curate.weighted.counts import count_table

GAP = 4
LABEL = 22
"""Columns of a label in tables that stand side by side."""
PAIR_NUMBERS = 14
"""Columns that a table of pairs needs besides its labels."""
BRIEF = 4
"""Most classes in a brief summary."""
LOW = 40
"""On a screen of fewer lines, less is listed."""
AROUND = 36
"""Most lines of `show_overview` on a wide screen, of what frames pictures, and the prompt."""


def is_low(console: Console) -> bool:
    """Tell whether all of `show_overview` and a few pictures do not fit on the screen."""
    return console.is_terminal and console.height < LOW


def show_brief(console: Console, found: Overview, names: Mapping[str, str], below: int) -> None:
    """Print the counts and the worst classes in the lines that ``below`` others leave."""
    counts = _counts(found)
    console.print(counts)
    taken = len(console.render_lines(counts, pad=False)) + below + 3  # two blank lines, the prompt
    listed = min(console.height - taken - 1, BRIEF)
    if listed > 0 and found.judged:
        console.print()
        console.print(_classes(found, names, listed, console.width - NUMBERS))
    console.print()


def show_overview(console: Console, found: Overview, names: Mapping[str, str]) -> None:
    """Print the summary; its length and what stands side by side depend on the console's size."""
    low = is_low(console)
    counts = Group(_counts(found), Text(), _histograms(found))
    if not found.judged:
        console.print(counts)
        console.print()
        return
    listed = 8 if low else 12
    tables = _classes(found, names, listed, LABEL), _confusions(found, names, listed, LABEL)
    if console.is_terminal and _width(console, counts, *tables) <= console.width:
        console.print(_beside(counts, *tables))
    else:
        console.print(counts)
        console.print()
        if console.is_terminal and _width(console, *tables) <= console.width:
            console.print(_beside(*tables))
        else:
            listed = 4 if low else 10
            console.print(_classes(found, names, listed, console.width - NUMBERS))
            console.print()
            room = (console.width - PAIR_NUMBERS) // 2
            console.print(_confusions(found, names, listed, room))
    console.print()


def _width(console: Console, *parts: RenderableType) -> int:
    """Measure parts that stand side by side."""
    widths = (console.measure(part).maximum for part in parts)
    return sum(widths) + GAP * (len(parts) - 1)


def _beside(*parts: RenderableType) -> Table:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.add_row(*parts)
    return grid


def _counts(found: Overview) -> Table:
    table = count_table(replace(found, examples=_named(found)), len(found.classes))
    table.add_row("weight 0", counted(found.zero_weight, "label" if found.lists else "row"))
    if found.copy_counts is not None and found.copy_counts.copies:
        table.add_row("copies", shown_lines(found.copy_counts.lines(found.lists)))
    if found.refined is not None:
        table.add_row("labels that were refined", f"{found.refined:,}")
    for command in found.made:
        table.add_row("made by", Text(brief(command)))
    if found.noise is None and found.judged:
        table.add_row("labels that look wrong", "how many is not known without the run's folder")
    return table


def _named(found: Overview) -> dict[str, list[str]]:
    """Name the rows without features by their keys or, where there are none, as `weight` does."""
    return {
        status: [*keys] if found.keyed else [f"row {int(key) + 1}" for key in keys]
        for status, keys in found.examples.items()
    }


def _histograms(found: Overview) -> Table:
    weight = _histogram("weight", found.weight)
    if not found.judged:
        return _beside(weight)
    return _beside(_histogram("label_quality", found.quality), weight)


def _histogram(name: str, shown: Histogram) -> Text:
    pairs = zip(shown.counts[::2], shown.counts[1::2], strict=True)
    return histogram(name, [sum(pair) for pair in pairs], shown.top, bar=2, height=4)


def _classes(found: Overview, names: Mapping[str, str], listed: int, room: int) -> Table:
    known = found.noise is not None
    judged = pl.col("judged").clip(lower_bound=1)
    shares = found.classes.with_columns(share=pl.col("flagged") / judged)
    columns = ["label", "flagged", "judged", "wrong" if known else "share"]
    rows = shares.select(columns).fill_null(0).head(listed).iter_rows()
    worst = (
        (named(label, names), flagged, judged, part if judged else None)
        for label, flagged, judged, part in rows
    )
    title = "Worst classes"
    return class_table(worst, title, "wrong" if known else "share", room)


def _confusions(found: Overview, names: Mapping[str, str], listed: int, room: int) -> Table:
    title = "given → likely true" if found.noise is not None else "given → suggested"
    pairs = (
        (named(given, names), named(other, names), count)
        for given, other, count in found.confusions.head(listed).iter_rows()
    )
    return pair_table(pairs, title, room)
