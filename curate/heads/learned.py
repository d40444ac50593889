"""What a head learns from: features, given labels and verified ones, gathered from a run."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from rich.console import Console

from curate.duplicates.verified import say_answers
from curate.errors import CurateError
from curate.heads.copied_answers import copied_answers
from curate.heads.enough import require_enough
from curate.heads.folds import Folds
from curate.heads.task import Task
from curate.heads.training import Examples, Positions
from curate.manifest.classes import NO_CLASS, Classes
from curate.manifest.columns import exact_column
from curate.manifest.how_drawn import RANDOM, STRATEGY
from curate.manifest.label_studio import read_answers
from curate.manifest.plan import Shard
from curate.manifest.verified_labels import Asked, look_up, require_single, require_whole
from curate.options.refine import RefineOptions
from curate.terminal.printable import listed
from curate.terminal.skipped import Skipped
from curate.weighted.share_of_table import share_of_rows
from curate.weighted.verified_share import VerifiedShare
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work

MOST_ROWS = 200_000
"""Rows that nobody has verified and that a head learns from, drawn at random."""
NEW_CLASSES = ", or take them for classes with --new-classes"
ONE_LABEL = (
    "which are for lists of labels, and this crawl has one label for each image; write columns key"
    " and label (empty: none of the classes)"
)


def _no_rows() -> Positions:
    return np.empty(0, np.int64)


@dataclass(frozen=True)
class VerifiedRows:
    """Rows of the crawl whose labels a person has verified."""

    rows: Positions
    """(V,), ascending."""
    labels: NDArray[np.int64]
    """(V, L'): positions in ``classes``, filled up with -1."""
    classes: tuple[str, ...]
    """The classes of given labels, then new ones."""
    chosen: tuple[str, ...] = ()
    """How they were chosen (column strategy, as `curate verify` writes it), where not at random."""
    skipped: tuple[Skipped, ...] = ()
    """Entries of the table that match no row."""
    asked: Positions | None = None
    """(V, A): the classes that a person was asked about, filled up with -1; None: about all."""
    share: VerifiedShare | None = None
    """What they tell of the share of wrong labels; None where nothing is verified, or by pair."""
    copies: Positions = field(default_factory=_no_rows)
    """(m,), ascending: rows that nobody has verified, of which a copy is. They take its labels; no
    head is judged by them."""
    answers: Positions = field(default_factory=_no_rows)
    """(m,): which of the V verified rows each of them is a copy of."""

    def known(self, rows: Positions) -> tuple[Positions, Positions]:
        """Tell which of rows (n,) have verified labels, their own or a copy's, and whose (m,)."""
        every = np.append(self.rows, self.copies)
        places = np.append(np.arange(len(self.rows)), self.answers)
        order = np.argsort(every)
        found = np.flatnonzero(np.isin(rows, every))
        return found, places[order][np.searchsorted(every[order], rows[found])]

    def target(self, task: Task, at: slice | Positions = slice(None)) -> NDArray[np.float32]:
        """Return the labels of some of the rows as ones and zeros (n, K), NaN if not asked."""
        asked = None if self.asked is None else torch.from_numpy(self.asked[at])
        return task.target(torch.from_numpy(self.labels[at]), asked).numpy()

    @classmethod
    def none(cls, classes: tuple[str, ...]) -> "VerifiedRows":
        """Return that nothing is verified."""
        return cls(np.zeros(0, np.int64), np.zeros((0, 1), np.int64), classes)


@dataclass(frozen=True)
class Stored:
    """A block of a file's rows."""

    rows: Positions
    """(n,): of the file."""
    features: NDArray[np.float16]
    """(n, D)"""
    given: Positions
    """(n, L): given labels, filled up with -1."""
    has_features: NDArray[np.bool_]
    """(n,): which rows have features."""


def stored_blocks(work: Work, shard: Shard) -> Iterator[Stored]:
    """Give the rows of one of the file's shards, some thousand at a time."""
    for rows in work.blocks(shard):
        yield stored(work, rows)


def stored(work: Work, rows: Positions) -> Stored:
    """Read rows (n,) of the file."""
    features, has_features = work.features_of(rows)
    return Stored(rows, features, work.labels_of(rows), has_features)


def read_verified_rows(
    options: RefineOptions,
    weighted: Weighted,
    classes: tuple[str, ...],
    console: Console,
    group: Positions | None = None,
) -> VerifiedRows:
    """Look the verified rows up; labels that are no class are refused, or new classes.

    ``group`` (N,) is the same number for rows that are copies; None where none are. Verified rows
    that contradict each other are left out, and said.
    Raises CurateError where they are too few: see `require_enough`.
    """
    path = options.verified
    if path is None:
        return VerifiedRows.none(classes)
    columns = weighted.manifest.columns
    keys = ("row", "key") if columns.key is None else (columns.key, "key")
    asked = Asked(
        path, keys, ("label", columns.label), classes, console,
        options.new_classes, "" if options.apply else NEW_CLASSES, columns.key is None,
    )  # fmt: skip
    looked_up = look_up(asked, weighted.scan())
    found, classes = looked_up.rows, (*classes, *looked_up.new)
    if not weighted.manifest.has_label_lists:
        require_whole(looked_up, path, ONE_LABEL)
        require_single(found, path, weighted.path)
    rows, labels = found["row"].to_numpy().astype(np.int64), _positions(found["labels"], classes)
    of_pairs = _positions(found["asked"], classes) if looked_up.by_pair else None
    passed_on = copied_answers(group, rows, labels, of_pairs)
    skipped = say_answers(path, rows, passed_on, partial(_keys, weighted), console)
    answered = found.with_columns(contradicted=pl.Series(~passed_on.kept))
    if skipped:
        # Once more without them, so that places are those of the rows that remain.
        kept = passed_on.kept
        found, rows, labels = found.filter(kept), rows[kept], labels[kept]
        of_pairs = None if of_pairs is None else of_pairs[kept]
        passed_on = copied_answers(group, rows, labels, of_pairs)
    require_enough(labels, path, (*looked_up.skipped, *skipped), weighted)
    share = None if looked_up.by_pair else share_of_rows(weighted, answered)
    return VerifiedRows(
        rows, labels, classes, _strategies(path), (*looked_up.skipped, *skipped), of_pairs, share,
        passed_on.rows, passed_on.answer,
    )  # fmt: skip


def _keys(weighted: Weighted, rows: Positions) -> list[str]:
    return weighted.read(rows.tolist())["key"].cast(pl.String).to_list()


def _positions(lists: pl.Series, classes: tuple[str, ...]) -> Positions:
    """Turn lists of labels into positions among the classes (V, L), filled up with -1."""
    lengths = lists.list.len().to_numpy()
    filled = np.full((len(lists), max(lengths.max(initial=0), 1)), NO_CLASS, np.int64)
    each = lists.explode(empty_as_null=False)
    filled[np.arange(filled.shape[1]) < lengths[:, None]] = Classes(classes, ()).indices(each)
    return filled


def _strategies(path: Path) -> tuple[str, ...]:
    """Read how verified rows were chosen, where the table says it and it was not at random."""
    table, _ = read_answers(path, "--verified", "key, label")
    if STRATEGY not in table.columns:
        return ()
    names = table[STRATEGY].cast(pl.String).drop_nulls().unique().sort()
    return tuple(name for name in names if name != RANDOM)


def task_of(verified: VerifiedRows, classes: int, several: bool) -> Task:
    """Describe the task of a head: its classes, and one label or several per image.

    Rows of which a person was asked about some classes only do not tell whether images may have no
    label; where there are no others, they may.
    """
    new = len(verified.classes) - classes
    asked = np.full((len(verified.rows), 1), NO_CLASS) if verified.asked is None else verified.asked
    whole = verified.labels[(asked < 0).all(axis=1)]
    none = bool((whole < 0).all(axis=1).any())
    empty = none or not len(whole)
    return Task(classes, several, new, none and not several, empty)


def gather(
    work: Work, verified: VerifiedRows, several: bool, folds: Folds, seed: int
) -> tuple[Examples, NDArray[np.bool_]]:
    """Take what heads learn from into memory; returns also which rows each learns from (n, FOLDS).

    All verified rows that have features, and of the others, or of the bags, a random share, but
    outside of bags no copies of verified rows: these have one vote. Where an image has one label,
    rows that were given none, in their bag neither, teach nothing.
    """
    total, bag = work.rows, folds.bag
    units = np.arange(total) if bag is None else bag
    drawn = np.random.default_rng(seed).random(int(units.max()) + 1)[units] < MOST_ROWS / total
    if bag is None:
        drawn[verified.copies] = False
    is_verified = np.zeros(total, bool)
    is_verified[verified.rows] = True
    parts = []
    for shard in work.file_shards:
        for block in stored_blocks(work, shard):
            wanted = block.has_features & (drawn[block.rows] | is_verified[block.rows])
            parts.append((block.rows[wanted], block.features[wanted], block.given[wanted]))
    rows = np.concatenate([part[0] for part in parts])
    features = np.concatenate([part[1] for part in parts])
    width = max(part[2].shape[1] for part in parts)
    given = np.concatenate([widened(part[2], width) for part in parts])
    if not several:
        labelled = np.zeros(int(units.max()) + 1, bool)
        labelled[units[rows[(given >= 0).any(axis=1)]]] = True
        wanted = labelled[units[rows]] | is_verified[rows]
        rows, features, given = rows[wanted], features[wanted], given[wanted]
    chosen = is_verified[rows]
    at = np.searchsorted(verified.rows, rows[chosen])

    def of_verified(labels: Positions) -> Positions:
        found = np.full((len(rows), labels.shape[1]), NO_CLASS, np.int64)
        found[chosen] = labels[at]
        return found

    asked = None if verified.asked is None else of_verified(verified.asked)
    true = of_verified(verified.labels)
    picture = None if folds.representative is None else folds.representative[rows]
    examples = Examples(features, given, true, chosen, units[rows], asked, picture)
    return examples, folds.learned(rows, features)


def widened(labels: Positions, width: int) -> Positions:
    """Pad label sets (n, L) with -1 to (n, width)."""
    return np.pad(labels, ((0, 0), (0, width - labels.shape[1])), constant_values=NO_CLASS)


def read_bags(weighted: Weighted, column: str) -> tuple[pl.Series, Positions]:
    """Return the name of each row's bag (N,), and its number; a row without one is its own.

    Raises CurateError where there is no such column.
    """
    if column not in weighted.manifest.schema.names:
        raise CurateError(
            f"{weighted.manifest.path} has no column '{column}' (--bag); its columns are:"
            f" {listed(weighted.manifest.schema.names)}."
        )
    names = (
        weighted.manifest.scan().select(exact_column(column).cast(pl.String)).collect().to_series()
    )
    numbers = names.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1
    alone = numbers < 0
    numbers[alone] = numbers.max(initial=-1) + 1 + np.arange(alone.sum())
    return names, numbers
