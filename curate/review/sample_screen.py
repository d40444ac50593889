"""One sample on the screen."""

from collections.abc import Mapping

from rich.console import Console, RenderableType
from rich.table import Column, Table
from rich.text import Text

from curate.printable import brief, printable
from curate.review.cards import number_text, sample_cards
from curate.review.gallery import draw, show_cards
from curate.review.names import named
from curate.review.sample import Sample, Surroundings, Values
from curate.review.terminal import Pictures
from curate.weighted import Weighted

LARGEST = 64
"""Columns of the picture."""
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
            "The nearest classes and samples are not known: it has no label or no features, or"
            " the run's folder is gone or has not these rows.",
            soft_wrap=not console.is_terminal,
        )
        return
    console.print(_nearest(sample.label or "", sample.around, names))
    console.print()
    rows = [row for row, _ in sample.around.neighbours]
    if rows:
        cards = sample_cards(weighted, weighted.read(rows), names)
        for card, (_, cosine) in zip(cards, sample.around.neighbours, strict=True):
            card.words["cosine"] = f"cosine {cosine:.3f}"
        show_cards(console, f"Nearest of '{brief(sample.label or '')}'", cards, kind)


def value_table(sample: Sample, names: Mapping[str, str]) -> Table:
    """Set names and values of all columns in a table."""
    table = Table.grid(Column(style="dim", no_wrap=True), Column(overflow="fold"), padding=(0, 2))
    for name, value in sample.columns.items():
        table.add_row(Text(brief(name)), Text(printable(_value(value, names))))
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


def _nearest(label: str, around: Surroundings, names: Mapping[str, str]) -> RenderableType:
    title = f"looks like (its own class is no. {around.rank} of {around.classes:,})"
    look = _values(title, around.look, names, label)
    if not around.graph:
        return look
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(
        look, _values(f"the graph's nearest of {named(label, names)}", around.graph, names)
    )
    return grid


def _values(title: str, values: Values, names: Mapping[str, str], own: str | None = None) -> Table:
    table = Table(
        Column(Text(brief(title)), no_wrap=True, overflow="ellipsis"),
        Column("", justify="right"),
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for label, value in values:
        style = "bold" if label == own else ""
        table.add_row(Text(brief(named(label, names)), style), f"{value:.3f}")
    return table
