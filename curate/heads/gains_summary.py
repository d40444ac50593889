"""What `curate refine` says of which classes get better and which worse."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from curate.heads.gains import (
    BETTER,
    LEAST_ROWS,
    THIN,
    UNDECIDED,
    WORSE,
    ClassGains,
    HeldOut,
    by_frequency,
    by_wrongness_elsewhere,
)
from curate.heads.task import Task
from curate.terminal.printable import brief, counted, shown

SHOWN = 5
"""Classes that get better, and worse, that are named."""
UNDECIDEDLY = "no more than by chance: the overall verdict decides"
TOO_FEW = f"fewer than {LEAST_ROWS} such rows, too few: the overall verdict decides"


@dataclass(frozen=True)
class Gained:
    """What the head itself gains, before given labels are kept where it makes them worse."""

    classes: pl.DataFrame
    """A row for each class: see `ClassGains.table`."""
    groups: tuple[tuple[str, pl.DataFrame], ...]
    """Of groups of classes, by what they are grouped."""

    @classmethod
    def of(
        cls, gains: ClassGains, held_out: HeldOut, task: Task, classes: tuple[str, ...]
    ) -> "Gained | None":
        """Group the gains on held-out rows; None where nothing is held out."""
        if not len(held_out.true):
            return None
        sizes = held_out.given.sum(axis=0).astype(np.int64)
        groups = (
            ("how many verified rows were given the class", by_frequency(gains, sizes)),
            ("how wrong their labels are on rows of other folds",
             by_wrongness_elsewhere(held_out, task)),
        )  # fmt: skip
        return cls(gains.table(classes), groups)


def show_gained(console: Console, gained: Gained) -> None:
    """Say which classes get better and which worse, and what groups of classes gain."""
    for by, groups in gained.groups:
        console.print(f"Classes by {by}:\n")
        if len(groups):
            console.print(_of_groups(groups))
        left = int(gained.classes["rows"].sum()) - int(groups["rows"].sum())
        if left:
            are = counted(left, "more row is", "more rows are")
            console.print(f"{are} of classes with fewer than {LEAST_ROWS} rows there, too few.")
        console.print()
    outcomes = {
        BETTER: ("gets better, beyond chance", "get better, beyond chance"),
        WORSE: (
            "gets worse, beyond chance: its given labels stay",
            "get worse, beyond chance: their given labels stay",
        ),
        UNDECIDED: (f"changes {UNDECIDEDLY}", f"change {UNDECIDEDLY}"),
        THIN: (f"has {TOO_FEW}", f"have {TOO_FEW}"),
    }
    for outcome, (one, several) in outcomes.items():
        of_outcome = gained.classes.filter(pl.col("outcome") == outcome)
        if not len(of_outcome):
            continue
        words = one if len(of_outcome) == 1 else several
        console.print(f"{len(of_outcome):,} of {len(gained.classes):,} classes {words}")
        if outcome in (BETTER, WORSE):
            console.print(_of_classes(of_outcome))
            if len(of_outcome) > SHOWN:
                console.print(f"  and {len(of_outcome) - SHOWN:,} more, in the table named below")
    console.print()


def _of_groups(groups: pl.DataFrame) -> Table:
    table = Table("", "rows", "right before", "after", box=None, pad_edge=False)
    table.columns[1].justify = "right"
    for row in groups.rows(named=True):
        shares = (f"{row[when] / row['rows']:.1%}" for when in ("before", "after"))
        table.add_row(row["group"], f"{row['rows']:,}", *shares)
    return table


def _of_classes(classes: pl.DataFrame) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    change = (pl.col("mended").cast(pl.Int64) - pl.col("spoiled")).abs()
    for row in (
        classes.sort(change, descending=True, maintain_order=True).head(SHOWN).rows(named=True)
    ):
        shares = f"{row['right_before']:.1%} → {row['right_after']:.1%}"
        table.add_row(f"  {shown(brief(row['class']))}", shares, f"[dim]of {row['rows']:,} rows[/]")
    return table
