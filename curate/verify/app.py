"""The screen: one sample at a time, answered with single keys."""

import asyncio
from collections.abc import Callable, Sequence

from PIL.Image import Image as Pixels
from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Footer, ProgressBar, Static

from curate.errors import CurateError
from curate.inspect.terminal_pictures import Pictures
from curate.terminal.printable import printable
from curate.verify import words
from curate.verify.ahead import Ahead, Look
from curate.verify.answers import Label
from curate.verify.asked_sample import Sample, suggestions
from curate.verify.class_choices import AskedClasses
from curate.verify.key_bindings import keys_of
from curate.verify.question import Question, write
from curate.verify.references import CLASSES, LEAST_HEIGHT, LEAST_WIDTH, TALL
from curate.verify.search import Search
from curate.verify.session import Session

AHEAD = 8
"""Pictures that are decoded before they are asked for."""
ANSWERS = {"keep", "drop", "pick", "search"}
"""Actions that need a sample that can be seen."""


class VerifyApp(App[None]):
    """Shows the samples of a session until they are answered or the person leaves."""

    CSS_PATH = "screen.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    def __init__(
        self,
        session: Session,
        ahead: Ahead,
        classes: AskedClasses,
        crawl: str,
        lists: bool,
        pictures: Pictures = Pictures.BLOCKS,
        examples: Callable[[str], Sequence[Pixels]] | None = None,
    ) -> None:
        """Prepare the screen; ``examples`` gives pictures of good examples of a class."""
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (26, "-high")]
        self.session = session
        self.failure: Exception | None = None
        """The error that ended the program; None if the person did."""
        self.look: Look | None = None
        """Of the current sample; None until it is loaded, and until then no answer is taken."""
        self._ahead = ahead
        self._choices = classes
        self._crawl = crawl
        self._examples = examples
        self._alone = any(sample.alone for sample in session.samples)
        self._lists = lists and not self._alone
        self._question = Question(classes, self._lists, pictures)
        for keys, action, description, display in keys_of(self._lists, self._alone):
            shown = bool(description)
            self.bind(keys, action, description=description, show=shown, key_display=display)

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with Horizontal(id="top"):
            yield Static(Text(f"curate verify  {printable(self._crawl)}"), id="crawl")
            yield Static(self.session.strategy, id="strategy", markup=False)
        with Horizontal(id="pace"):
            yield ProgressBar(show_percentage=False, show_eta=False)
            yield Static(id="counts")
        yield Static(id="estimate")
        yield self._question
        with Horizontal(id="tally"):
            yield Static(id="verdicts")
            yield Static(id="last")
        yield Footer(compact=True)

    def on_resize(self, event: Resize) -> None:
        """Note whether there is room for good examples."""
        roomy = event.size.width >= LEAST_WIDTH and event.size.height >= LEAST_HEIGHT
        self.screen.set_class(roomy, "-roomy")
        self.screen.set_class(roomy and event.size.height >= TALL, "-tall")

    def on_mount(self) -> None:
        """Ask about the first sample."""
        self.session.begin()
        self.show()

    def show(self) -> None:
        """Show the current sample and all counts."""
        self._show_counts()
        sample = self.session.current
        could_answer = self.look is not None
        self.look = None
        if sample is None:
            self._question.end(self.session.tally.skipped)
        else:
            self._ahead.want([each.row for each in self.session.ahead(1 + AHEAD)])
            self._question.ask(sample)
            self.show_look(sample)
        if could_answer != (self.look is not None):
            self.refresh_bindings()

    def _show_counts(self) -> None:
        total, rate = len(self.session.samples), self.session.noise_rate
        estimate = " " if rate is None else words.estimate(rate, self._lists)
        write(self, "verdicts", words.tally(self.session.tally, self._alone))
        write(self, "estimate", Text(estimate))
        write(self, "counts", words.progress(self.session))
        self.query_one(ProgressBar).update(total=total, progress=total - self.session.left)

    def show_look(self, sample: Sample) -> None:
        """Show the picture and the suggestions, at once where they have been found."""
        look = self._ahead.now(sample.row)
        if look is not None:
            self._show_look(sample, look)
        else:
            self.wait_for_look(sample)

    @work(exclusive=True)
    async def wait_for_look(self, sample: Sample) -> None:
        """Show the picture and the suggestions when they come."""
        try:
            look = await self._ahead.get(sample.row)
        except CurateError as error:
            self._fail(error)
        else:
            if self.session.current is sample and self.look is None:
                self._show_look(sample, look)
                self.refresh_bindings()

    def _show_look(self, sample: Sample, look: Look) -> None:
        self.look = look
        confused = self._choices.confused_with(sample.given[0])
        suggested = suggestions(sample, look.likely, confused)
        self._question.offer(suggested)
        self._question.draw(look.picture)
        if self._examples is not None and self.screen.has_class("-roomy"):
            around = [*sample.given, *(label for label, _ in suggested)]
            self.show_examples(sample, around[:CLASSES], self._examples)

    @work(exclusive=True, group="examples")
    async def show_examples(
        self, sample: Sample, labels: Sequence[str], examples: Callable[[str], Sequence[Pixels]]
    ) -> None:
        """Show good examples of the classes that the question is about, when they are read."""
        try:
            found = [(label, await asyncio.to_thread(examples, label)) for label in labels]
        except CurateError as error:
            self._fail(error)
        else:
            if self.session.current is sample:
                self._question.refer([(label, shown) for label, shown in found if shown])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow an action: no answer before the picture is shown, or during a search."""
        searching = self.screen.has_class("searching")
        if action in ANSWERS:
            return not searching and self.look is not None
        if action == "skip":
            return not searching and self.session.current is not None
        return not (searching and action in ("undo", "quit"))

    def action_keep(self) -> None:
        """Keep the label, or all marked labels."""
        self._answer(self._question.marked if self._lists else self._asked().given[0])

    def action_drop(self) -> None:
        """Say that it is none of the classes."""
        self._answer([] if self._lists else None)

    def action_pick(self, number: int) -> None:
        """Choose a suggestion, or mark or unmark one of several labels."""
        label = self._question.offered(number)
        if label is not None and self._lists:
            self._question.mark(label)
        elif label is not None:
            self._answer(label)

    def action_skip(self) -> None:
        """Skip the sample."""
        self._do(self.session.skip)
        write(self, "last", Text("skipped"))

    def action_undo(self) -> None:
        """Undo the last answer."""
        if self._do(self.session.undo):
            write(self, "last", Text("undone"))
        else:
            write(self, "last", Text("nothing to undo"))

    def action_search(self) -> None:
        """Search among all classes."""
        self.screen.add_class("searching")
        self.query_one(Search).begin(self._question.suggested)

    def action_mark_found(self, by: int) -> None:
        """Highlight the class below or above."""
        self.query_one(Search).mark(by)

    def action_leave_search(self) -> None:
        """Go back to the question."""
        self.screen.remove_class("searching")
        self.set_focus(None)

    @on(Search.Chosen)
    def _chosen(self, event: Search.Chosen) -> None:
        self.action_leave_search()
        if self._lists:
            self._question.mark(event.label, right=True)
        else:
            self._answer(event.label)

    def _asked(self) -> Sample:
        assert self.session.current is not None
        return self.session.current

    def _answer(self, label: Label) -> None:
        sample = self._asked()
        write(self, "last", words.verdict(sample, label, self._choices))
        self._do(lambda: self.session.answer(label))

    def _do(self, act: Callable[[], object]) -> object:
        """Change the answers and show the next sample; end the program if that fails."""
        try:
            done = act()
        except CurateError as error:
            self._fail(error)
            return None
        self.show()
        return done

    def _fail(self, error: Exception) -> None:
        self.failure = error
        self.exit()

    def _handle_exception(self, error: Exception) -> None:
        """Let the command line report the error, and not Textual."""
        if self.is_headless:
            super()._handle_exception(error)
        else:
            self._fail(error)
