"""Verified labels of rows that have copies: what is true of a picture is true of its copies."""

from pathlib import Path

import numpy as np
import polars as pl
from rich.console import Console

from curate.duplicates.answers import (
    AnswersOfCopies,
    answers_of_copies,
    partial_answers_of_copies,
)
from curate.heads.training import Positions
from curate.terminal.notices import say, warn
from curate.terminal.skipped import Skipped
from curate.weighted.weighted import Weighted

CONTRADICTING = "verified rows whose copies have another answer"


def copied_answers(
    group: Positions | None, rows: Positions, labels: Positions, asked: Positions | None
) -> AnswersOfCopies:
    """Pass the labels (V, L) of verified rows (V,) on to their copies.

    ``asked`` (V, A) are the labels that a person was asked about, or None for all. ``group`` (N,)
    is the same for copies; None where no row is one.
    """
    if group is None:
        none = np.empty(0, np.int64)
        return AnswersOfCopies(np.ones(len(rows), bool), none, none)
    if asked is not None:
        return partial_answers_of_copies(group, rows, asked, labels)
    _, answers = np.unique(labels, axis=0, return_inverse=True)
    return answers_of_copies(group, rows, answers.ravel())


def say_copied(path: Path, weighted: Weighted, rows: Positions, passed_on: AnswersOfCopies,
               console: Console) -> tuple[Skipped, ...]:  # fmt: skip
    """Say how many copies take an answer, and which answers contradict each other."""
    if len(passed_on.rows):
        say(
            console,
            f"--verified {path}: {len(passed_on.rows):,} more rows are copies of verified ones, and"
            " take their labels.",
        )
    against = rows[~passed_on.kept]
    if not len(against):
        return ()
    keys = weighted.read(against.tolist())["key"].cast(pl.String).to_list()
    warn(
        console,
        f"--verified {path}",
        f"{len(against):,} {CONTRADICTING} (such as '{keys[0]}') are left out.",
    )
    return Skipped.of(CONTRADICTING, keys)
