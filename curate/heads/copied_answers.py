"""Verified labels of rows that have copies: what is true of a picture is true of its copies."""

import numpy as np

from curate.duplicates.answers import (
    AnswersOfCopies,
    answers_of_copies,
    partial_answers_of_copies,
)
from curate.heads.training import Positions


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
