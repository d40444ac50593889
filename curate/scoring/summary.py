"""The summary at the end of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from curate.duplicates.told import CopyCounts
from curate.images.status import Status
from curate.scoring.second_opinions import SecondOpinions
from curate.scoring.tally import Tally
from curate.terminal.charts import NUMBERS, class_table
from curate.terminal.notices import print_anyway, say, warn
from curate.terminal.printable import brief, counted, listed, shown, shown_lines
from curate.weighted.counts import count_table
from prototypes.score.noise_matrix import (
    OUTSIDE,
)
from prototypes.score.opinions import Opinions

WORST_CLASSES = 8
LOUD_SHARE = 0.1
SHOWN_CLASSES = 5
STRONGEST_CONFUSIONS = 4
DOMINANT, UNEVEN = 0.5, 1.5
"""A class is named as larger than all others together if it has more than half of the images, and
more than 1.5 times an even share: of two classes, one nearly always has more than half."""


def show_failures(console: Console, tally: Tally, source: str, tried: str = "") -> None:
    """Say, before anything else, that many rows have no features, why, and which.

    ``tried`` says where a picture that is missing was looked for; see `tried_path`.
    """
    failed = tally.counts.failed
    if failed <= LOUD_SHARE * tally.rows:
        return
    reasons = Counter({k: n for k, n in tally.statuses.items() if k != Status.OK})
    reason, count = reasons.most_common(1)[0]
    print_anyway(
        console,
        f"[bold red]{failed:,} of {tally.rows:,} rows ({failed / tally.rows:.0%}) have"
        f" no features[/] and have weight 0. The most common reason: {reason}"
        f" ({counted(count, 'row')}, such as {', '.join(tally.examples[reason])})."
        f" {_sentence(tried)}Look at these rows of {shown(source)}, then run the same"
        " command with --retry-failed --overwrite.",
    )


def _sentence(tried: str) -> str:
    return f"{shown(tried[0].upper() + tried[1:].rstrip('; '))}. " if tried else ""


def show_summary(
    console: Console,
    tally: Tally,
    copies: CopyCounts | None,
    out: Path,
    noise_matrix: Path,
    titles: Mapping[str, str],
) -> None:
    """Print rows, what is missing, copies, the share of wrong labels and the worst classes.

    ``titles`` are what is written for labels that say little.
    """
    names = [titles.get(name, name) for name in tally.classes.names]
    facts = count_table(tally.counts, len(tally.classes.names))
    confusions = _confusions(tally, names)
    if confusions:
        facts.add_row("given → likely true", "\n".join(confusions))
    facts.add_row("weight 0", counted(tally.zero_weight, "label" if tally.lists else "row"))
    if copies is not None and copies.copies:
        facts.add_row("copies", shown_lines(copies.lines(tally.lists)))
    largest = int(tally.judged.argmax())
    share = tally.judged[largest] / max(tally.rows - tally.counts.failed, 1)
    if share > max(DOMINANT, UNEVEN / len(tally.classes.names)):
        facts.add_row(
            "largest class",
            f"'{shown(brief(names[largest]))}' has {share:.0%} of the images, more"
            " than all others together; labels are judged with that in mind",
        )
    console.print()
    console.print(facts)
    console.print()
    if tally.judged.any():
        console.print(_worst_classes(tally, names, console.width - NUMBERS))
        console.print()
    say(console, f"Written: {out}")
    say(console, f"Noise matrix, p(given | true): {noise_matrix}")


def all_in(path: Path) -> str:
    """Say which table has the senses of all classes."""
    return f"all are in {shown(path)}"


def show_classes(console: Console, table: pl.DataFrame, path: Path) -> None:
    """Name the classes that no graph knows, and say where each class's sense is written."""
    if "synset" not in table.columns:
        return
    unknown = table.filter(pl.col("synset").is_null())["label"].to_list()
    if unknown:
        warn(
            console,
            "Not in WordNet",
            f"{listed(unknown, SHOWN_CLASSES)}. They keep the relations that other graphs or their"
            " pictures show; name their synsets in a table with columns label, synset (--classes"
            " FILE).",
        )
    chosen = table.filter(pl.col("chosen").str.starts_with("chosen"))
    if len(chosen):
        more = ", ..." if len(chosen) > SHOWN_CLASSES else ""
        examples = ", ".join(
            f"{shown(brief(label))} = {shown(synset)}"
            for label, synset in chosen.select("label", "synset").head(SHOWN_CLASSES).iter_rows()
        )
        console.print(
            f"Senses chosen for {len(chosen):,} ambiguous names ({examples}{more}); {all_in(path)};"
            " set others with --classes.",
            soft_wrap=not console.is_terminal,
            highlight=False,
        )


def show_opinions(console: Console, sources: SecondOpinions, opinions: Opinions) -> None:
    """Print the weights of captions and class names, where they were asked for."""
    asked = (
        (sources.captions, "captions", "--caption-agreement", opinions.agreement),
        (sources.zero_shot, "class names", "--zero-shot", opinions.zero_shot),
    )
    for source, what, option, weight in asked:
        if source is not None:
            found = (
                f"predict held-out rows and count in label_quality with weight {weight:.3g}."
                if weight > 0
                else "predict nothing about held-out rows and do not count in label_quality."
            )
            console.print(f"{option}: the {what} {found}", soft_wrap=not console.is_terminal)


def _confusions(tally: Tally, names: Sequence[str]) -> list[str]:
    """Name the pairs of given and another true class that the most images have."""
    counts = tally.noise_counts
    confused = (counts.given != counts.true) & (counts.true != OUTSIDE)
    order = np.argsort(-counts.counts * confused, kind="stable")[:STRONGEST_CONFUSIONS]
    return [
        f"{shown(brief(names[counts.given[at]]))} → {shown(brief(names[counts.true[at]]))}:"
        f" {counts.counts[at]:,}"
        for at in order
        if confused[at]
    ]


def _worst_classes(tally: Tally, names: Sequence[str], room: int) -> Table:
    share = tally.noise_counts.wrong()
    order = np.lexsort((-tally.issues, -share))[:WORST_CLASSES]
    worst = ((names[at], tally.issues[at], tally.judged[at], share[at]) for at in order)
    return class_table(worst, "Classes that suffer most", "wrong", room)
