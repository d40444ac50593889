"""Rows that `curate refine` leaves without a label: they show none of the classes."""

from dataclasses import dataclass

import numpy as np

from curate.heads.gains import HeldOut
from curate.heads.task import Task
from curate.heads.verdict import agreement
from curate.terminal.printable import counted


@dataclass(frozen=True)
class NoLabel:
    """How many rows get no label, and how often that is wrong."""

    rows: int
    """Of the crawl, with features; those that a person has verified so are among them."""
    verified: int
    """Verified rows that a head which has not seen them leaves without one."""
    right: int
    """How many of these have right given labels."""

    @classmethod
    def of(cls, rows: int, held_out: HeldOut, task: Task) -> "NoLabel":
        """Judge by held-out rows of which every label is known."""
        whole = held_out.chosen(np.asarray(held_out.known.all(axis=1)))
        given, refined, true = whole.sets(task)
        without = ~refined[:, : task.named].any(axis=1)
        right = without & given[:, : task.named].any(axis=1) & (agreement(given, true) == 1)
        return cls(rows, int(without.sum()), int(right.sum()))

    def __str__(self) -> str:
        what = (
            f"Without a refined label: {counted(self.rows, 'row')}, of none of the classes as far"
            " as the head, or who verified them, can tell. `curate export --labels refined` leaves"
            " them out, `--labels given` does not."
        )
        if not self.verified:
            return what
        return (
            f"{what} Of {counted(self.verified, 'verified row')} that a head which has not seen"
            f" them leaves so, {self.right:,} had the right label."
        )
