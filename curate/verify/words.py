"""The texts beside the picture, safe for the terminal."""

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from curate.images.status import HEIC_WAY_OUT, Status
from curate.terminal.printable import brief, printable
from curate.verify.answers import Label
from curate.verify.asked_sample import Sample, Suggestions
from curate.verify.class_choices import AskedClasses
from curate.verify.session import Session, Tally
from prototypes.score.verified_share import CONFIDENCE, ShareEstimate

KEY, QUIET = "bold #ffa62b", "#8a8f98"
GOOD, DOUBTFUL, BAD = "#5fb878", "#ffa62b", "#e0606c"
BAR_CELLS = 12
ISSUES = {"relabel": "likely another", "outlier": "likely none"}


def title(label: str, classes: AskedClasses) -> Text:
    """Write the names of a class, the first in bold."""
    first, others = classes.title(label)
    return Text.assemble((first, "bold"), (others, QUIET))


def question(label: str, classes: AskedClasses) -> RenderableType:
    """Ask whether the given label is right, with the key that says so."""
    table = _keys()
    table.add_row("⏎", title(label, classes), "")
    return Group(Text("Is it", QUIET), table)


def several() -> Text:
    """Ask which of several labels are right."""
    return Text.assemble(("What is in the picture?  ", QUIET), ("⏎", KEY), " accepts")


def no_picture(status: Status) -> Text:
    """Say why there is no picture."""
    advice = ""
    if status in (Status.MISSING, Status.OUTSIDE):
        advice = "\nFolder moved? Name it with --root."
    elif status == Status.HEIC:
        advice = f"\nTo see it, {HEIC_WAY_OUT}."
    return Text(f"no picture: {status}{advice}", justify="center")


def quality(value: float | None, issue: str | None = None) -> Text:
    """Draw a quality as a bar, with its number and the kind of issue."""
    if value is None:
        return Text()
    colour = BAD if value < 1 / 3 else DOUBTFUL if value < 2 / 3 else GOOD
    filled = min(BAR_CELLS, max(0, round(BAR_CELLS * value)))
    found = f"  {ISSUES[issue]}" if issue in ISSUES else ""
    return Text.assemble(
        ("━" * filled, colour),
        ("━" * (BAR_CELLS - filled), "#3a3f47"),
        f" {value:.2f}",
        (found, QUIET),
    )


def or_not() -> RenderableType:
    """Give the other answer to a question about one label of several."""
    table = _keys()
    table.add_row("d", "no", "")
    return table


def options(suggested: Suggestions, classes: AskedClasses) -> RenderableType:
    """List what the sample may be instead, with the key of each."""
    table = _keys()
    for at, (label, value) in enumerate(suggested, 1):
        table.add_row(str(at), title(label, classes), "" if value is None else f"{value:.2f}")
    table.add_row("/", "another class", "")
    table.add_row("d", "none of the classes", "")
    return Group(Text("Or rather", QUIET), table)


def marks(
    sample: Sample, suggested: Suggestions, marked: Mapping[str, bool], classes: AskedClasses
) -> RenderableType:
    """List the labels of a sample with several: their keys, and marks at the right ones."""
    values = dict(zip(sample.given, sample.qualities, strict=True)) | dict(suggested)
    table = _keys()
    for at, (label, is_right) in enumerate(marked.items(), 1):
        value = values.get(label)
        box = Text("✓ " if is_right else "· ", GOOD if is_right else QUIET)
        name = title(label, classes) + (Text("  given", QUIET) if label in sample.given else Text())
        table.add_row(
            str(at) if at <= 9 else "", box + name, "" if value is None else f"{value:.2f}"
        )
    table.add_row("/", "another class", "")
    table.add_row("d", "none of them", "")
    return table


def _keys() -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(style=KEY, width=1)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column(style=QUIET, justify="right")
    return table


def good_examples(label: str, classes: AskedClasses) -> Text:
    """Write what stands above good examples of a class."""
    return Text.assemble(("Good examples of ", QUIET), classes.title(label)[0])


def caption(text: str | None) -> Text:
    """Quote a caption."""
    return Text(f"“{brief_caption(text)}”", "italic") if text else Text()


def brief_caption(text: str) -> str:
    """Shorten a caption that would fill the screen."""
    text = " ".join(printable(text).split())
    return text if len(text) <= 200 else f"{text[:199]}…"


def key(sample: Sample) -> Text:
    """Name the sample."""
    return Text.assemble(("key ", QUIET), brief(sample.key))


def progress(session: Session) -> Text:
    """Say how many samples are left, how fast they are answered, and how long the rest takes."""
    total = len(session.samples)
    words = f"{total - session.left:,} of {total:,}, {session.left:,} left"
    each = session.seconds_each
    if each is None or not session.left:
        return Text(words)
    minutes = session.left * each / 60
    rest = "under a minute" if minutes < 1 else f"{minutes:,.0f} min"
    return Text.assemble(words, (f"  ·  {60 / max(each, 0.1):,.0f} a minute, {rest}", QUIET))


def tally(said: Tally, alone: bool) -> Text:
    """Count the answers, those to single labels as yes and no."""
    counts = (
        (said.kept, "yes" if alone else "kept", GOOD),
        *(() if alone else ((said.changed, "changed", DOUBTFUL),)),
        (said.none, "no" if alone else "none", BAD), (said.skipped, "skipped", QUIET),
    )  # fmt: skip
    return Text("   ").join(
        Text.assemble((f"{count:,}", f"bold {colour}"), f" {name}")
        for count, name, colour in counts
    )


def estimate(rate: ShareEstimate, lists: bool) -> str:
    """Write the share of wrong labels, or of samples with any wrong label, and its interval."""
    what = "Any label wrong" if lists else "Wrong labels"
    interval = f"{rate.low:.1%} to {rate.high:.1%} ({CONFIDENCE:.0%} interval"
    if not rate.powered:
        return f"{what}: {rate.share:.1%} of {rate.asked:,}, {interval} of Clopper and Pearson)"
    return (
        f"{what}: {rate.share:.1%}, {interval}, prediction-powered: {rate.wrong:,} of"
        f" {rate.asked:,} are)"
    )


def verdict(sample: Sample, answer: Label, classes: AskedClasses) -> Text:
    """Repeat the last answer, so that a slip is noticed."""
    said = [answer] if isinstance(answer, str) else answer or []
    given, words = (
        ", ".join(classes.title(label)[0] for label in labels) for labels in (sample.given, said)
    )
    kept = set(said) == set(sample.given)
    if sample.alone:
        return Text.assemble((f"{brief(given)}: ", QUIET), "yes" if kept else "no")
    mark = "kept" if kept else f"→ {brief(words)}" if said else "→ none of the classes"
    return Text.assemble((f"{brief(given)} ", QUIET), mark)
