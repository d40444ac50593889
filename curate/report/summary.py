"""The top of the page: figures and plots of the whole manifest."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from curate.duplicates.told import SHOWN_PLACEHOLDERS
from curate.images.status import Status
from curate.inspect.overview import BINS, Histogram, Overview
from curate.report.plots import Marked, histogram
from curate.report.words import percent
from curate.terminal.printable import counted, printable
from curate.weighted.counts import untold
from prototypes.engine.little_known import LEAST_IMAGES

LEAST_CLASSES = 8
"""Fewer classes get no histogram: the table shows them all."""


@dataclass(frozen=True)
class Figure:
    """A number that stands out, with its name and a note."""

    name: str
    number: str
    note: str = ""
    alarming: bool = False


@dataclass(frozen=True)
class Plot:
    """A histogram with its title and a note."""

    title: str
    note: str
    svg: str


def figures(overview: Overview) -> list[Figure]:
    """Choose the numbers that a reader wants first."""
    whole = overview.labels if overview.lists else overview.rows
    classes = counted(len(overview.classes), "class", "classes")
    found = [Figure("Images", f"{overview.rows:,}", classes)]
    if overview.lists:
        found.append(Figure("Labels", f"{overview.labels:,}"))
    if overview.verified is not None:
        told = overview.verified
        what = "With a wrong label" if overview.lists else "Wrong"
        found.append(Figure(what, told.number(), told.basis(), alarming=True))
    if overview.noise is not None:
        found.append(_look_wrong(overview, overview.noise))
    kinds = f"{overview.relabel:,} fit another class, {overview.outlier:,} fit none"
    found.append(Figure("Flagged", f"{overview.flagged:,}", kinds))
    if overview.lists:
        note = f"labels, in {counted(overview.incomplete, 'image')}"
        found.append(Figure("Look missing", f"{overview.missing:,}", note))
    note = f"{percent(overview.zero_weight / max(whole, 1))}, to be left out"
    found.append(Figure("Weight 0", f"{overview.zero_weight:,}", note))
    if overview.copy_counts is not None and overview.copy_counts.copies:
        counts = overview.copy_counts
        note = f"of {counted(counts.groups, 'picture')}, {counts.conflicts:,} with different labels"
        named = (printable(str(each)) for each in counts.placeholders[:SHOWN_PLACEHOLDERS])
        found.append(Figure("Copies", f"{counts.copies:,}", "; ".join((note, *named))))
    if overview.refined is not None:
        found.append(Figure("Relabelled", f"{overview.refined:,}", "by curate refine"))
    if overview.failed:
        said = (
            f"{count:,} {status.replace('_', ' ')}"
            for status, count in overview.statuses.items()
            if status != Status.OK
        )
        found.append(Figure("Without features", f"{overview.failed:,}", ", ".join(said)))
    if overview.unlabelled:
        found.append(Figure("Without a label", f"{overview.unlabelled:,}"))
    if overview.unjudged:
        classes = counted(len(overview.little_known), "class", "classes")
        note = f"{classes} with fewer than {LEAST_IMAGES} different images"
        found.append(Figure("Not judged", f"{overview.unjudged:,}", note))
    return found


def plots(overview: Overview, share: str) -> list[Plot]:
    """Draw histograms of the labels' quality and weight, and of the classes' shares."""
    unit = "labels" if overview.lists else "images"
    drawn = [
        _qualities(overview, unit),
        _plot("Weight", "0 is left out", overview.weight, unit),
    ]
    classes = overview.classes.filter(pl.col("judged") > 0)
    if len(classes) >= LEAST_CLASSES:
        shares = classes.select(pl.coalesce("wrong", pl.col("flagged") / pl.col("judged")))
        counts, edges = np.histogram(shares.to_series(), BINS, (0, 1))
        svg = histogram(edges.tolist(), counts.tolist(), f"share {share}", "classes", percent=True)
        drawn.append(Plot("Classes", f"by the share that is {share}", svg))
    return drawn


def _qualities(overview: Overview, unit: str) -> Plot:
    """Draw the labels' qualities, those of flagged ones in another colour."""
    limit = overview.flagged_below
    note = "flagged ones red" if limit is None else f"flagged below {limit:.2f}"
    marked = Marked(overview.flagged_quality.counts, "flagged", limit)
    return _plot("Label quality", note, overview.quality, unit, marked)


def _plot(
    title: str, note: str, counted: Histogram, unit: str, marked: Marked | None = None
) -> Plot:
    edges = np.linspace(0, counted.top, len(counted.counts) + 1).tolist()
    counts = list(counted.counts)
    return Plot(title, note, histogram(edges, counts, title, unit, percent=False, marked=marked))


def _look_wrong(overview: Overview, noise: float) -> Figure:
    """Show the estimated share of wrong labels and its range."""
    name, loud = "Look wrong", overview.verified is None
    if overview.range_of_wrong is None:
        return Figure(name, percent(noise), "of the labels, by estimate", alarming=loud)
    between = " and ".join(map(percent, overview.range_of_wrong))
    if why := untold(overview.judged, overview.range_of_wrong):
        return Figure(name, "not known", f"{why}: between {between} of the labels")
    note = f"of the labels, by estimate: likely between {between}"
    return Figure(name, percent(noise), note, alarming=loud)
