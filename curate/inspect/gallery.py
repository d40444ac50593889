"""Small pictures in the terminal, with texts below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image
from rich.console import Console, Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from curate.images.preprocess import Preprocess
from curate.images.source import ImageSource
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.inspect.terminal_pictures import Pictures, picture
from curate.terminal.printable import brief, printable

CELLS = 24
"""Width of a picture in columns: three, with the space between them, fit in 80."""
GAP = 2
FINENESS = {Pictures.BLOCKS: 1, Pictures.SIXEL: 10, Pictures.KITTY: 10}
"""Pixels a column."""
KEY, ROW = "key", "row, from 0"
"""What names an image: its key or, in a crawl without keys, the number of its row."""
STYLES = {"given": "bold", "fits": "yellow", "refined": "green", "true": "green", KEY: "dim",
          ROW: "dim", "caption": "italic dim"}  # fmt: skip
MARKS = {"fits": "→ ", "refined": "⇒ ", "true": "✓ "}
SMALL = 8
"""Lines of a card on a low screen."""
CAPTION_LINES = 2
CARD_LINES = CELLS // 2 + 4 + CAPTION_LINES
"""Lines of a card with a picture."""
LEAST_WORD = 6
"""No text is cut to fewer columns."""


@dataclass(frozen=True)
class Card:
    """A picture and its texts by name; all cards of a gallery have the same names."""

    picture: ImageSource | None
    words: dict[str, str]


def show_cards(console: Console, title: str, cards: Sequence[Card], kind: Pictures) -> None:
    """Print the cards as pictures, or as a table of their texts if pictures are not wanted.

    The texts are other people's: markup and control characters in them have no effect.
    """
    console.print(Text(printable(title), "bold"))
    if not cards:
        return
    if kind is Pictures.NONE:
        console.print(word_table(cards, console.width))
        return
    legend = "  ".join(MARKS.get(name, "") + name for name in cards[0].words)
    console.print(Text(legend, "dim"))
    console.print()
    for line in _lines(cards, kind, console.width):
        console.print(line)
        console.print()


def fitting(console: Console, lines: int) -> int:
    """Count the cards with pictures in so many lines of the screen; at least a line of cards."""
    return _across(console.width) * max(1, lines // CARD_LINES)


def show_small(console: Console, title: str, cards: Sequence[Card], kind: Pictures) -> None:
    """Print the cards side by side in SMALL lines, with words beside small pictures."""
    if kind is Pictures.NONE:
        show_cards(console, title, cards, kind)
        return
    console.print(Text(printable(title), "bold"))
    width, cells = (console.width + GAP) // max(len(cards), 1) - GAP, min(2 * SMALL, console.width)
    room = max(width - cells - GAP, 1)
    grid = Table.grid(padding=(0, GAP, 0, 0))
    drawn = draw([card.picture for card in cards], kind, cells)
    words = [_words(card, room) for card in cards]
    grid.add_row(*(part for pair in zip(drawn, words, strict=True) for part in pair))
    console.print(grid)


def word_table(cards: Sequence[Card], width: int) -> Table:
    """Make a table of the cards' texts; the longest are cut until it is ``width`` columns wide."""
    names = list(cards[0].words) if cards else []
    rows = [[Text(brief(card.words[name])) for name in names] for card in cards]
    widths = [
        max(cell.cell_len for cell in column)
        for column in zip([Text(name) for name in names], *rows, strict=True)
    ]
    while sum(widths) + GAP * len(widths) > width and max(widths) > LEAST_WORD:
        widths[widths.index(max(widths))] -= 1
    columns = [
        Column(name, no_wrap=True, overflow="ellipsis", width=room)
        for name, room in zip(names, widths, strict=True)
    ]
    table = Table(*columns, box=None, padding=(0, GAP, 0, 0), header_style="bold")
    for row in rows:
        table.add_row(*row)
    return table


def draw(
    sources: Sequence[ImageSource | None], kind: Pictures, width: int, whole: bool = False
) -> Iterator[RenderableType]:
    """Draw pictures, ``width`` columns each, cropped to a square or ``whole``; or write why not.

    They are decoded in a worker process, as all pictures from the web are decoded.
    """
    preprocess = Preprocess(width * FINENESS[kind], "lanczos", "pad" if whole else "shortest")
    with DecodePool(preprocess, workers=1) as pool:
        for statuses, pictures, _ in pool.decode(sources):
            squares = iter(pictures)
            for status in statuses:
                if status is Status.OK:
                    yield picture(Image.fromarray(next(squares)), kind, width)
                else:
                    yield Text(f"({status})".center(width), "dim")


def _lines(cards: Sequence[Card], kind: Pictures, width: int) -> Iterator[Table]:
    """Yield a grid for each line of cards as soon as its pictures are decoded."""
    across = _across(width)
    cells = max(1, min(CELLS, width))
    pictures = draw([card.picture for card in cards], kind, cells)
    for start in range(0, len(cards), across):
        line = cards[start : start + across]
        grid = Table.grid(*(Column(width=cells) for _ in line), padding=(0, GAP, 0, 0))
        drawn = [next(pictures) for _ in line]
        grid.add_row(*drawn)
        grid.add_row(*(_words(card, cells) for card in line))
        yield grid


def _across(width: int) -> int:
    return max(1, (width + GAP) // (CELLS + GAP))


def _words(card: Card, width: int) -> Group:
    lines = []
    for name, word in card.words.items():
        text = Text(MARKS.get(name, "") * bool(word) + brief(word), STYLES.get(name, ""))
        if name == "caption":
            lines += _wrapped(text, width)
        elif word:
            text.truncate(width, overflow="ellipsis")
            lines.append(text)
    return Group(*lines)


def _wrapped(text: Text, width: int) -> list[Text]:
    lines = list(text.wrap(Console(width=width), width, overflow="fold"))
    if len(lines) > CAPTION_LINES:
        lines = lines[:CAPTION_LINES]
        lines[-1].append("…")
        lines[-1].truncate(width, overflow="ellipsis")
    return lines
