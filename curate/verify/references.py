"""Good examples of the classes that a question names, shown beside it where there is room."""

from collections.abc import Sequence
from threading import Lock

from PIL.Image import Image as Pixels
from PIL.ImageOps import fit
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from curate.images.workers import DecodePool
from curate.inspect.good_examples import good_examples
from curate.inspect.terminal_pictures import Pictures
from curate.verify.load_picture import SIDE, load_picture
from curate.verify.picture_widget import picture_widget
from curate.weighted.weighted import Weighted

CLASSES, EACH = 2, 3
LEAST_WIDTH, LEAST_HEIGHT, TALL = 160, 44, 58
"""Columns and lines of a screen that has room for them, and lines of one with room for large
ones."""


class GoodExamples:
    """Pictures of good examples, by class; they are read when they are first asked for."""

    def __init__(self, weighted: Weighted, pool: DecodePool, labels: Sequence[str]) -> None:
        """Prepare for these labels; others have none."""
        self._weighted, self._pool, self._labels = weighted, pool, labels
        self._rows: dict[str, list[int]] | None = None
        self._pictures: dict[str, list[Pixels]] = {}
        self._lock = Lock()

    def of(self, label: str) -> list[Pixels]:
        """Give square pictures of a class, at most EACH."""
        with self._lock:
            if self._rows is None:
                self._rows = good_examples(self._weighted, self._labels, EACH)
            if label not in self._pictures:
                rows = self._rows.get(label, ())
                found = [load_picture(self._weighted, self._pool, row) for row in rows]
                seen = [picture for picture in found if isinstance(picture, Pixels)]
                self._pictures[label] = [fit(picture, (SIDE, SIDE)) for picture in seen]
            return self._pictures[label]


class References(Vertical):
    """Shows good examples of some classes, each in a line of pictures below its name."""

    def __init__(self, pictures: Pictures) -> None:
        super().__init__(id="references")
        self._image = picture_widget(pictures)

    def compose(self) -> ComposeResult:
        """Place lines of pictures one below the other."""
        for _ in range(CLASSES):
            yield Static(classes="of")
            with Horizontal():
                for _ in range(EACH):
                    yield self._image(classes="reference")

    def show(self, found: Sequence[tuple[Text, Sequence[Pixels]]]) -> None:
        """Show the pictures of each class below its name; none where there are no others."""
        titles, lines = self.query(Static).filter(".of"), self.query(Horizontal)
        for at, (title, line) in enumerate(zip(titles, lines, strict=True)):
            name, pictures = found[at] if at < len(found) else (Text(), ())
            title.update(name)
            for place, shown in enumerate(line.query(self._image)):
                shown.image = pictures[place] if place < len(pictures) else None
