"""Small pictures in the terminal, with words below them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich_pixels import Pixels

from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.source import ImageSource, read
from curate.images.status import Undecodable
from curate.summary import printable

PICTURE_CELLS = 18
"""Width of a picture in the terminal; four and the space between them fit in 80 columns."""
GAP = 2


@dataclass(frozen=True)
class Card:
    """A picture and what is said of it, name by name."""

    picture: ImageSource | None
    words: dict[str, object]


def show_cards(console: Console, title: str, cards: Sequence[Card]) -> None:
    """Print the cards as pictures where the terminal has colours, else as a table of words.

    The words are other people's text: markup and control characters do nothing.
    """
    if console.is_terminal and console.color_system and not console.no_color:
        console.print(_grid(title, cards, console.width))
    else:
        console.print(_table(title, cards))


def _table(title: str, cards: Sequence[Card]) -> Table:
    names = list(cards[0].words) if cards else []
    table = Table(*names, title=title, title_justify="left", box=SIMPLE_HEAD)
    for card in cards:
        table.add_row(*(_plain(word) for word in card.words.values()))
    return table


def _grid(title: str, cards: Sequence[Card], width: int) -> Table:
    grid = Table.grid(padding=(0, GAP, 0, 0))
    grid.title, grid.title_justify = title, "left"
    across = max(1, width // (PICTURE_CELLS + GAP))
    cells = [_cell(card) for card in cards]
    for start in range(0, len(cells), across):
        grid.add_row(*cells[start : start + across])
    return grid


def _cell(card: Card) -> Group:
    longest = max(map(len, card.words), default=0)
    lines = [
        Text(f"{name:<{longest}} {_plain(word)}"[:PICTURE_CELLS], overflow="ellipsis", no_wrap=True)
        for name, word in card.words.items()
    ]
    return Group(_pixels(card.picture), *lines, Text())


def _pixels(picture: ImageSource | None) -> Pixels | Text:
    try:
        if picture is None:
            return Text("(no picture)")
        square = decode(read(picture), Preprocess(PICTURE_CELLS, "lanczos"))
    except Undecodable as error:
        return Text(f"({error.status})")
    pixels: Pixels = Pixels.from_image(Image.fromarray(square))
    return pixels


def _plain(word: object) -> Text:
    return Text(printable(str(word)))
