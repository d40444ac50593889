"""The line in which a person searches for a class, and the list of classes found."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from curate.verify import words
from curate.verify.class_choices import AskedClasses

MOST_FOUND = 200
"""Most classes that a search lists."""


class SearchLine(Input):
    """A line to type in; its arrow keys move through the classes found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "take", key_display="⏎"),
        Binding("down", "app.mark_found(1)", "choose", key_display="↑↓"),
        Binding("up", "app.mark_found(-1)", show=False),
        Binding("escape", "app.leave_search", "back", key_display="esc"),
    ]


class Found(Option):
    """A class in the list."""

    def __init__(self, label: str, classes: AskedClasses) -> None:
        super().__init__(words.title(label, classes))
        self.label = label


class Search(Vertical):
    """Finds classes while a person types."""

    class Chosen(Message):
        """The person took a class."""

        def __init__(self, label: str) -> None:
            super().__init__()
            self.label = label

    def __init__(self, classes: AskedClasses) -> None:
        super().__init__(id="search")
        self._choices = classes
        self._first: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """Place the line above the list."""
        yield SearchLine(placeholder="type to search")
        yield OptionList()

    def begin(self, first: Sequence[str]) -> None:
        """Start with an empty line; classes in ``first`` come first."""
        self._first = first
        line = self.query_one(Input)
        line.value = ""
        line.focus()
        self._list_found("")

    def mark(self, by: int) -> None:
        """Highlight the class below or above."""
        found = self.query_one(OptionList)
        (found.action_cursor_down if by > 0 else found.action_cursor_up)()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._list_found(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        found = self.query_one(OptionList)
        if found.highlighted is not None:
            self._take(found.get_option_at_index(found.highlighted))

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._take(event.option)

    def _list_found(self, typed: str) -> None:
        labels = self._choices.find(typed, self._first)[:MOST_FOUND]
        found = self.query_one(OptionList)
        found.clear_options()
        found.add_options(Found(label, self._choices) for label in labels)
        found.highlighted = 0 if labels else None

    def _take(self, option: Option) -> None:
        assert isinstance(option, Found)
        self.post_message(self.Chosen(option.label))
