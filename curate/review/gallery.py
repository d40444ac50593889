"""Small pictures in the terminal, with words below them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich_pixels import Pixels

from curate.images.preprocess import Preprocess
from curate.images.source import ImageSource
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.printable import brief

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
    pictures = _pictures([card.picture for card in cards])
    cells = [_cell(*pair) for pair in zip(cards, pictures, strict=True)]
    for start in range(0, len(cells), across):
        grid.add_row(*cells[start : start + across])
    return grid


def _cell(card: Card, picture: Pixels | Text) -> Group:
    longest = max(map(len, card.words), default=0)
    lines = [
        Text(f"{name:<{longest}} {_plain(word)}"[:PICTURE_CELLS], overflow="ellipsis", no_wrap=True)
        for name, word in card.words.items()
    ]
    return Group(picture, *lines, Text())


def _pictures(sources: Sequence[ImageSource | None]) -> Iterator[Pixels | Text]:
    """Decode in a worker process, as all pictures from the web are, or say why not."""
    with DecodePool(Preprocess(PICTURE_CELLS, "lanczos"), workers=1) as pool:
        for statuses, pictures in pool.decode(sources):
            squares = iter(pictures)
            for status in statuses:
                if status is Status.OK:
                    yield Pixels.from_image(Image.fromarray(next(squares)))
                else:
                    yield Text(f"({status})")


def _plain(word: object) -> Text:
    return Text(brief(str(word)))
