"""Show one sample on the screen."""

from collections.abc import Mapping
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from curate.inspect.cards import number_text, sample_cards
from curate.inspect.class_names import named
from curate.inspect.gallery import draw, show_cards
from curate.inspect.sample import Sample, Surroundings, Values
from curate.inspect.select_samples import of_label
from curate.inspect.terminal_pictures import Pictures
from curate.terminal.printable import brief, message, shown
from curate.weighted.weighted import Weighted
from prototypes.engine.little_known import LEAST_IMAGES

LARGEST = 48
"""Columns of the picture."""
GAP, VALUE = 4, 10
"""Columns between two tables, and of a number in a table."""
LONGEST_VALUE = 400
"""Characters of a value that are shown."""
NUMBERS = 8
"""Elements of a list that are shown."""


def show_sample(
    console: Console,
    weighted: Weighted,
    sample: Sample,
    names: Mapping[str, str],
    kind: Pictures,
) -> None:
    """Print the picture, all columns, the nearest classes, and the neighbours as pictures."""
    values = value_table(sample, names)
    if kind is Pictures.NONE:
        console.print(values)
    else:
        width = min(LARGEST, console.width // 2, 2 * (console.height - 4))
        picture = next(draw(weighted.pictures([sample.row]), kind, max(width, 1), whole=True))
        grid = Table.grid(Column(width=width), Column(), padding=(0, 2, 0, 0))
        grid.add_row(picture, values)
        console.print(grid)
    console.print()
    if sample.around is None:
        console.print(
            f"The nearest classes and samples are not known: {shown(message(sample.gone))}",
            soft_wrap=not console.is_terminal,
        )
        return
    own = brief(named(sample.label or "", names))
    around = sample.around
    if around.rank is None:
        rank = f"not judged, as it has fewer than {LEAST_IMAGES} different images"
    else:
        rank = f"cosine {around.own:.3f}, no. {around.rank:,} of {around.classes:,}"
    console.print(Text(f"Its own class, {own}: {rank}"))
    console.print()
    console.print(_nearest(console.width, sample.label or "", around, names))
    console.print()
    rows = [row for row, _ in around.neighbours]
    if rows:
        samples = of_label(weighted, rows, sample.label or "")
        cards = [
            replace(card, words={"cosine": number_text(cosine)} | card.words)
            for card, (_, cosine) in zip(
                sample_cards(weighted, samples, names, kind), around.neighbours, strict=True
            )
        ]
        show_cards(console, f"Nearest of {own}", cards, kind)


def value_table(sample: Sample, names: Mapping[str, str]) -> Table:
    """Make a table of the names and values of all columns."""
    table = Table.grid(Column(style="dim", no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for name, value in sample.columns.items():
        table.add_row(Text(brief(name)), Text(message(_value(value, names), LONGEST_VALUE)))
    return table


def _value(value: object, names: Mapping[str, str]) -> str:
    match value:
        case bytes():
            return f"({len(value):,} bytes)"
        case dict():
            return ", ".join(f"{key}: {_value(part, names)}" for key, part in value.items())
        case list():
            shown = ", ".join(_value(part, names) for part in value[:NUMBERS])
            more = f" ... ({len(value):,} in all)" if len(value) > NUMBERS else ""
            return f"{shown}{more}"
        case str():
            return named(value, names)
    return number_text(value)


def _nearest(
    width: int, label: str, around: Surroundings, names: Mapping[str, str]
) -> RenderableType:
    if not around.graph:
        return _values("looks like", around.look, names, label, width)
    grid = Table.grid(padding=(0, GAP, 0, 0))
    half = (width - GAP) // 2
    grid.add_row(
        _values("looks like", around.look, names, label, half),
        _values("its own class is related to", around.graph, names, label, half),
    )
    return grid


def _values(title: str, values: Values, names: Mapping[str, str], own: str, width: int) -> Table:
    table = Table(
        Column(title, no_wrap=True, overflow="ellipsis", max_width=width - VALUE),
        Column("", justify="right"),
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for label, value in values:
        style = "bold" if label == own else ""
        table.add_row(Text(brief(named(label, names)), style), f"{value:.3f}")
    return table
