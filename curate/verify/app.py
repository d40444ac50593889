"""The screen: one sample at a time, asked and answered with single keys."""

from collections.abc import Callable

from PIL.Image import Image as Pixels
from rich.console import RenderableType
from rich.text import Text
from textual import on, work
from textual.app import App, ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widgets import Footer, ProgressBar, Static

from curate.errors import CurateError
from curate.images.status import Status
from curate.inspect.pictures import Pictures
from curate.terminal.printable import printable
from curate.verify import words
from curate.verify.ahead import Ahead, Look
from curate.verify.answers import Label
from curate.verify.classes import AskedClasses
from curate.verify.picture_widget import picture_widget
from curate.verify.samples import MOST_SUGGESTIONS, Sample, Suggestions, suggestions
from curate.verify.search import Search
from curate.verify.session import Session

AHEAD = 8
"""Pictures that are decoded before they are asked for."""
DIGITS = range(1, 10)
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
    ) -> None:
        super().__init__()
        self.VERTICAL_BREAKPOINTS = [(0, "-low"), (26, "-high")]
        self.session = session
        self.failure: Exception | None = None
        """What ended it, other than the person."""
        self.look: Look | None = None
        """Of the current sample; None until it is there, and no answer is taken."""
        self._ahead = ahead
        self._choices = classes
        self._crawl = crawl
        self._lists = lists
        self._image = picture_widget(pictures)
        self._suggested: Suggestions = ()
        self._marked: dict[str, bool] = {}
        self._bind_keys()

    def _bind_keys(self) -> None:
        """Name the keys, in the order in which they are shown."""
        keep, pick = ("accept", "mark") if self._lists else ("keep", "instead")
        digits = f"1-{DIGITS[-1] if self._lists else MOST_SUGGESTIONS}"
        for keys, action, description, shown in (
            ("enter,k,space", "keep", keep, "⏎"),
            *((str(digit), f"pick({digit})", pick, digits) for digit in DIGITS),
            ("slash,l", "search", "another", "/"),
            ("d,x", "drop", "none", "d"),
            ("s,right", "skip", "skip", "s"),
            ("u,left,backspace", "undo", "undo", "u"),
            ("q", "quit", "quit", "q"),
            ("ctrl+c", "quit", "", ""),
        ):
            is_shown = bool(description) and keys not in map(str, DIGITS[1:])
            self.bind(keys, action, description=description, show=is_shown, key_display=shown)

    def compose(self) -> ComposeResult:
        """Lay the screen out."""
        with Horizontal(id="top"):
            yield Static(Text(f"curate verify  {printable(self._crawl)}"), id="crawl")
            yield Static(self.session.strategy, id="strategy", markup=False)
        with Horizontal(id="pace"):
            yield ProgressBar(show_percentage=False, show_eta=False)
            yield Static(id="counts")
        yield Static(id="estimate")
        with Horizontal(id="body"):
            with Container(id="frame"):
                yield self._image(id="picture")
                yield Static(id="no-picture")
            with VerticalScroll(id="side", can_focus=False):
                for name in ("label", "definition", "quality", "options", "caption", "key"):
                    yield Static(id=name)
                yield Search(self._choices)
        with Horizontal(id="tally"):
            yield Static(id="verdicts")
            yield Static(id="last")
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Ask the first sample."""
        self.session.begin()
        self.show()

    def show(self) -> None:
        """Show the current sample and all counts."""
        sample = self.session.current
        self._say("verdicts", words.tally(self.session.tally))
        rate = self.session.noise_rate
        estimate = " " if rate is None else words.estimate(rate, self._lists)
        self._say("estimate", Text(estimate))
        self._say("counts", words.progress(self.session))
        total = len(self.session.samples)
        self.query_one(ProgressBar).update(total=total, progress=total - self.session.left)
        could_answer = self.look is not None
        self.look, self._suggested, self._marked = None, (), {}
        if sample is None:
            self._show_end()
        else:
            self._ahead.want([each.row for each in self.session.ahead(1 + AHEAD)])
            self._show_question(sample)
            self.show_look(sample)
        if could_answer != (self.look is not None):
            self.refresh_bindings()

    def _show_question(self, sample: Sample) -> None:
        self._say("caption", words.caption(sample.caption))
        self._say("key", words.key(sample))
        self._say("definition", Text())
        self._say("quality", Text())
        if self._lists:
            self._say("label", words.several())
        else:
            label = sample.given[0]
            self._say("label", words.question(label, self._choices))
            self._say("definition", Text(printable(self._choices.definitions.get(label, ""))))
            self._say("quality", words.quality(sample.qualities[0], sample.issue))

    def _show_end(self) -> None:
        for name in ("definition", "quality", "options", "caption", "key", "no-picture"):
            self._say(name, Text())
        self._show_picture(None)
        skipped = self.session.tally.skipped
        again = f" Those skipped ({skipped:,}) come again next time." if skipped else ""
        self._say("label", Text(f"All are answered.{again}"))

    def show_look(self, sample: Sample) -> None:
        """Show the picture and the suggestions, at once where they are there."""
        look = self._ahead.now(sample.row)
        if look is not None:
            self._show_look(sample, look)
        else:
            self._say("options", Text())
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
        self._suggested = suggestions(sample, look.nearest, confused)
        self._marked = dict.fromkeys(sample.given, True)
        self._marked |= {label: False for label, _ in self._suggested}
        self._show_options(sample)
        if isinstance(look.picture, Status):
            self._show_picture(None)
            self._say("no-picture", words.no_picture(look.picture))
        else:
            self._show_picture(look.picture)
            self._say("no-picture", Text())

    def _show_options(self, sample: Sample) -> None:
        if self._lists:
            listed = words.marks(sample, self._suggested, self._marked, self._choices)
        else:
            listed = words.options(self._suggested, self._choices)
        self._say("options", listed)

    def _show_picture(self, picture: Pixels | None) -> None:
        shown = self.query_one("#picture", self._image)
        shown.image = picture
        shown.display = picture is not None

    def _say(self, name: str, content: RenderableType) -> None:
        line = self.query_one(f"#{name}", Static)
        line.update(content)
        line.display = bool(content)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow what makes sense: no answer before the look, nor while a class is searched."""
        searching = self.screen.has_class("searching")
        if action in ANSWERS:
            return not searching and self.look is not None
        if action == "skip":
            return not searching and self.session.current is not None
        return not (searching and action in ("undo", "quit"))

    def action_keep(self) -> None:
        """Keep the label, or all marked labels."""
        sample = self._asked()
        right = [label for label, is_right in self._marked.items() if is_right]
        self._answer(right if self._lists else sample.given[0])

    def action_drop(self) -> None:
        """Say that it is none of the classes."""
        self._answer([] if self._lists else None)

    def action_pick(self, number: int) -> None:
        """Choose a suggestion, or mark or unmark one of several labels."""
        if self._lists:
            if number <= len(self._marked):
                self._mark(list(self._marked)[number - 1])
        elif number <= len(self._suggested):
            self._answer(self._suggested[number - 1][0])

    def action_skip(self) -> None:
        """Leave it open."""
        self._do(self.session.skip)
        self._say("last", Text("skipped"))

    def action_undo(self) -> None:
        """Take the last answer back."""
        if self._do(self.session.undo):
            self._say("last", Text("taken back"))
        else:
            self._say("last", Text("nothing to take back"))

    def action_search(self) -> None:
        """Search among all classes."""
        self.screen.add_class("searching")
        self.query_one(Search).begin([label for label, _ in self._suggested])

    def action_mark_found(self, by: int) -> None:
        """Mark the class below or above."""
        self.query_one(Search).mark(by)

    def action_leave_search(self) -> None:
        """Go back to the question."""
        self.screen.remove_class("searching")
        self.set_focus(None)

    @on(Search.Chosen)
    def _chosen(self, event: Search.Chosen) -> None:
        self.action_leave_search()
        if self._lists:
            self._marked[event.label] = False
            self._mark(event.label)
        else:
            self._answer(event.label)

    def _mark(self, label: str) -> None:
        self._marked[label] = not self._marked[label]
        self._show_options(self._asked())

    def _asked(self) -> Sample:
        assert self.session.current is not None
        return self.session.current

    def _answer(self, label: Label) -> None:
        sample = self._asked()
        self._say("last", words.verdict(sample, label, self._choices))
        self._do(lambda: self.session.answer(label))

    def _do(self, act: Callable[[], object]) -> object:
        """Do what writes, and show what comes next; leave where it cannot be written."""
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
        """Let the command line say what went wrong, and not Textual."""
        if self.is_headless:
            super()._handle_exception(error)
        else:
            self._fail(error)
