"""Answers of people, which are true of the copies of a picture too."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.duplicates.stars import Rows


@dataclass(frozen=True)
class AnswersOfCopies:
    """Which answers hold, and for which other rows."""

    kept: NDArray[np.bool_]
    """(V,): answers that none to a copy contradicts."""
    rows: Rows
    """(m,), ascending: rows that nobody has answered, of which a copy is answered."""
    answer: Rows
    """(m,): which of the V answers each takes, the first of its group."""


def answers_of_copies(group: Rows, answered: Rows, answers: Rows) -> AnswersOfCopies:
    """Pass answers on to the copies of rows.

    ``group`` (N,) is a number for each row, the same for copies; ``answered`` (V,), ascending, are
    rows, and ``answers`` (V,) numbers, the same for the same answer.
    """
    of = group[answered]
    pairs = np.unique(np.stack([of, answers], axis=1), axis=0)[:, 0]
    return _passed_on(group, answered, ~np.isin(of, _twice(pairs)))


def partial_answers_of_copies(
    group: Rows, answered: Rows, asked: Rows, labels: Rows
) -> AnswersOfCopies:
    """Pass answers to single labels on: of rows ``answered`` (V,), ascending.

    Of each row the labels that a person was ``asked`` about (V, A), and those of them that are
    right (V, L), both filled up with -1. Copies contradict each other in the same label only.
    """
    at, place = np.nonzero(asked >= 0)
    label = asked[at, place]
    right = (labels[at] == label[:, None]).any(axis=1)
    of = group[answered]
    entries = np.unique(np.stack([of[at], label, right], axis=1), axis=0)
    pairs, counts = np.unique(entries[:, :2], axis=0, return_counts=True)
    return _passed_on(group, answered, ~np.isin(of, pairs[counts > 1, 0]))


def _passed_on(group: Rows, answered: Rows, kept: NDArray[np.bool_]) -> AnswersOfCopies:
    places = np.flatnonzero(kept)
    known, first = np.unique(group[answered[places]], return_index=True)
    rows = np.setdiff1d(np.flatnonzero(np.isin(group, known)), answered)
    return AnswersOfCopies(kept, rows, places[first[np.searchsorted(known, group[rows])]])


def _twice(numbers: Rows) -> Rows:
    distinct, counts = np.unique(numbers, return_counts=True)
    return np.asarray(distinct[counts > 1])
