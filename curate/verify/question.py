"""The question on the screen: a picture, what is asked about it, and the possible answers."""

from collections.abc import Sequence

from PIL.Image import Image as Pixels
from rich.console import RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.dom import DOMNode
from textual.widgets import Static

from curate.images.status import Status
from curate.inspect.terminal_pictures import Pictures
from curate.terminal.printable import printable
from curate.verify import words
from curate.verify.asked_sample import Sample, Suggestions
from curate.verify.class_choices import AskedClasses
from curate.verify.load_picture import Picture
from curate.verify.picture_widget import picture_widget
from curate.verify.references import References
from curate.verify.search import Search

LINES = ("label", "definition", "quality", "options", "caption", "key")
"""Texts beside the picture, from top to bottom."""


def write(node: DOMNode, name: str, content: RenderableType) -> None:
    """Change the text of that name; an empty one takes no room."""
    line = node.query_one(f"#{name}", Static)
    line.update(content)
    line.set_class(not content, "empty")


class Question(Horizontal):
    """Shows one sample: its picture on the left, the question and the answers on the right."""

    def __init__(self, classes: AskedClasses, lists: bool, pictures: Pictures) -> None:
        super().__init__(id="body")
        self._choices = classes
        self._lists = lists
        self._pictures, self._image = pictures, picture_widget(pictures)
        self._sample: Sample | None = None
        self._suggested: Suggestions = ()
        self._marks: dict[str, bool] = {}

    def compose(self) -> ComposeResult:
        """Lay the picture beside the texts; the search takes their place when it is used."""
        with Container(id="frame"):
            yield self._image(id="picture")
            yield Static(id="no-picture")
        with VerticalScroll(id="side", can_focus=False):
            for name in LINES:
                yield Static(id=name)
            yield References(self._pictures)
            yield Search(self._choices)

    def ask(self, sample: Sample) -> None:
        """Show what is known of a sample before its picture has been read."""
        self._sample, self._suggested, self._marks = sample, (), {}
        write(self, "options", Text())
        write(self, "caption", words.caption(sample.caption))
        write(self, "key", words.key(sample))
        write(self, "definition", Text())
        write(self, "quality", Text())
        if self._lists:
            write(self, "label", words.several())
        else:
            label = sample.given[0]
            write(self, "label", words.question(label, self._choices))
            definition = printable(self._choices.definitions.get(label, ""))
            write(self, "definition", Text(definition))
            write(self, "quality", words.quality(sample.qualities[0], sample.issue))

    def offer(self, suggested: Suggestions) -> None:
        """List the answers: other classes, or all labels with those marked that are right."""
        assert self._sample is not None
        if self._sample.alone:
            write(self, "options", words.or_not())
            return
        self._suggested = suggested
        self._marks = dict.fromkeys(self._sample.given, True)
        self._marks |= {label: False for label, _ in suggested}
        self._list_answers()

    @property
    def suggested(self) -> list[str]:
        """The classes that the sample may be instead."""
        return [label for label, _ in self._suggested]

    @property
    def marked(self) -> list[str]:
        """Of several labels, those that are right."""
        return [label for label, is_right in self._marks.items() if is_right]

    def offered(self, number: int) -> str | None:
        """Give the answer with that number, from 1; None where there are not so many."""
        answers = list(self._marks) if self._lists else self.suggested
        return answers[number - 1] if number <= len(answers) else None

    def mark(self, label: str, right: bool | None = None) -> None:
        """Mark one of several labels as ``right`` or not; None: change its mark."""
        self._marks[label] = not self._marks[label] if right is None else right
        self._list_answers()

    def _list_answers(self) -> None:
        assert self._sample is not None
        if self._lists:
            listed = words.marks(self._sample, self._suggested, self._marks, self._choices)
        else:
            listed = words.options(self._suggested, self._choices)
        write(self, "options", listed)

    def refer(self, found: Sequence[tuple[str, Sequence[Pixels]]]) -> None:
        """Show good examples of classes."""
        named = [(words.good_examples(label, self._choices), shown) for label, shown in found]
        self.query_one(References).show(named)

    def draw(self, picture: Picture) -> None:
        """Draw a picture, or say why there is none."""
        if isinstance(picture, Status):
            self._show(None)
            write(self, "no-picture", words.no_picture(picture))
        else:
            self._show(picture)
            write(self, "no-picture", Text())

    def end(self, skipped: int) -> None:
        """Say that all samples are answered, or skipped."""
        for name in (*LINES, "no-picture"):
            write(self, name, Text())
        self._show(None)
        again = f" Those skipped ({skipped:,}) come again next time." if skipped else ""
        write(self, "label", Text(f"All are answered.{again}"))

    def _show(self, picture: Pixels | None) -> None:
        shown = self.query_one("#picture", self._image)
        shown.image = picture
        shown.display = picture is not None
