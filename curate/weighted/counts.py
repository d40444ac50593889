"""The counts that every summary of a crawl begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Column, Table

from curate.images.status import Status
from curate.terminal.printable import FEW, brief, counted, shown
from curate.terminal.skipped import Skipped
from curate.weighted.verified_share import VerifiedShare
from prototypes.engine.little_known import LEAST_IMAGES

TELLING = 0.6
"""Width up to which a range of the share of wrong labels says something."""
FEW_JUDGED = 500
"""Judged labels below which that is for want of images."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Counts of rows, and of their labels where these are lists.

    A label is judged, and has a quality, if its image has features and its class enough images.
    """

    rows: int
    lists: bool
    """Images have lists of labels."""
    statuses: Mapping[str, int]
    """Rows of each status, commonest first; empty where the column was left out."""
    examples: Mapping[str, Sequence[str]]
    """The first few rows without features of each status."""
    skipped: Sequence[Skipped]
    """Parts of the user's files that are in no row."""
    unlabelled: int
    """Rows without any label."""
    labels: int
    """Given labels that are neither null nor empty; in an image's list each counts once."""
    unjudged: int
    """Labels of images with features whose class has too few images."""
    little_known: Sequence[str]
    """The classes of these."""
    judged: int
    flagged: int
    relabel: int
    outlier: int
    """Judged labels, those of them with is_label_issue, and of each issue_kind."""
    zero_weight: int
    """Rows (labels, where they are lists) of weight 0."""
    missing: int
    incomplete: int
    """With lists: labels that images seem to lack, and images that seem to lack a label."""
    noise: float | None
    """Estimated share of wrong labels among the judged; None where it is not known."""
    range_of_wrong: tuple[float, float] | None
    """The range of that share, see `WrongShare`; None where it is not known."""
    verified: VerifiedShare | None
    """The same as verified rows tell it; None where none were named, or of other rows."""

    @property
    def failed(self) -> int:
        """Rows without features."""
        return sum(count for status, count in self.statuses.items() if status != Status.OK)


def count_table(counts: Counts, classes: int) -> Table:
    """Lay out the counts as a table of names and values; ``classes`` is their number."""
    table = Table.grid(Column(style="dim", no_wrap=True), Column(), padding=(0, 2))
    carried = f", with {counted(counts.labels, 'label')}" if counts.lists else ""
    table.add_row("rows", f"{counts.rows:,} in {counted(classes, 'class', 'classes')}{carried}")
    failures = ", ".join(
        f"{count:,} {shown(brief(status))} {_such_as(counts.examples.get(status, ()))}"
        for status, count in counts.statuses.items()
        if status != Status.OK
    )
    table.add_row("without features", f"{counts.failed:,}" + (f": {failures}" if failures else ""))
    if counts.unlabelled:
        weighed = "no weights" if counts.lists else "weight 0, with a suggestion"
        table.add_row("without a label", f"{counts.unlabelled:,} ({weighed})")
    if counts.unjudged:
        table.add_row("not judged", _unjudged(counts))
    if counts.verified is not None:
        told = counts.verified
        what = "images with a wrong label" if counts.lists else "wrong labels"
        table.add_row(what, f"[bold]{told.number()}[/], {told.basis()}")
    if counts.noise is not None:
        table.add_row("labels that look wrong", _look_wrong(counts))
    if not counts.judged:
        table.add_row("labels that look wrong", "how many is not known, as no label is judged")
    else:
        found = f"{counts.relabel:,} fit another class, {counts.outlier:,} fit none"
        table.add_row("flagged", f"{counts.flagged:,}: {found}")
    if counts.lists:
        images = max(counts.rows - counts.failed, 1)
        table.add_row(
            "labels that look missing",
            f"{counts.missing:,}, in {counts.incomplete / images:.1%} of the images",
        )
    for each in counts.skipped:
        table.add_row("passed over", shown(each))
    return table


def holding(
    noise: float | None, range_of_wrong: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Widen a range until it holds the share; None if either is not known.

    The range is that of different pictures: many copies with one label can move the share of rows.
    """
    if noise is None or range_of_wrong is None:
        return None
    low, high = range_of_wrong
    return min(low, noise), max(high, noise)


def untold(judged: int, range_of_wrong: tuple[float, float] | None) -> str:
    """Say why images do not tell the share of wrong labels among those judged; '' if they do.

    With a range wider than TELLING, any number would promise what nobody knows.
    """
    low, high = range_of_wrong or (0.0, 0.0)
    if high - low <= TELLING:
        return ""
    return "too few images to tell" if judged < FEW_JUDGED else "the images do not tell"


def _look_wrong(counts: Counts) -> str:
    """Write the estimated share of wrong labels, its range, and what makes it narrower."""
    loud = "bold" if counts.verified is None else "default"
    why = untold(counts.judged, counts.range_of_wrong)
    said = why or f"[{loud}]{counts.noise:.1%}[/]"
    if counts.range_of_wrong is None:
        return said
    low, high = counts.range_of_wrong
    more = "" if counts.verified else "; curate verify --strategy random tells it more closely"
    return f"{said}, {'' if why else 'likely '}between {low:.0%} and {high:.0%}{more}"


def _unjudged(counts: Counts) -> str:
    examples = _such_as(counts.little_known[:FEW])
    few = counted(len(counts.little_known), "class", "classes")
    return (
        f"{counts.unjudged:,}, of {few} with fewer than {LEAST_IMAGES} different images {examples}:"
        " they weigh the mean, and nothing is suggested"
    )


def _such_as(examples: Sequence[str]) -> str:
    return f"(such as {shown(', '.join(map(brief, examples)))})" if examples else ""
