"""What is said of the copies in a crawl: how many, whose labels disagree, and placeholders."""

from dataclasses import dataclass

import numpy as np

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.columns import CopyColumns
from curate.duplicates.copies import Copies
from curate.duplicates.pairs import different_pairs
from curate.duplicates.placeholders import placeholders
from curate.duplicates.stars import Rows
from curate.manifest.classes import NO_CLASS
from curate.terminal.printable import counted

SHOWN_PLACEHOLDERS = 3


@dataclass(frozen=True)
class Placeholder:
    """A picture that is all over the crawl, such as one that says that there is none."""

    row: int
    """The first row that has it."""
    rows: int
    labels: int
    """Different labels, or sets of them, of these rows."""
    key: str | None = None
    """Of that row; None where the crawl has no keys."""

    def __str__(self) -> str:
        """Name the row, and say what is odd about it."""
        name = f"row {self.row + 1:,}" if self.key is None else f"'{self.key}'"
        shown = f"{self.rows:,} rows of {self.labels:,} labels show it"
        return f"{name} is probably a placeholder: {shown}"


@dataclass(frozen=True)
class CopyCounts:
    """Counts of the copies in a crawl."""

    copies: int
    """Rows whose picture an earlier row has."""
    groups: int
    conflicts: int
    """Groups whose rows have different labels, or sets of them."""
    wrong: int
    """Labels that are surely wrong: in each of these groups all but the commonest one, at least.
    0 for lists, of which several may be right."""
    placeholders: tuple[Placeholder, ...]
    """Largest first."""

    def lines(self, lists: bool) -> list[str]:
        """Say how many rows are copies, in how many groups, and what is odd about these.

        Of ``lists`` of labels, several may be right.
        """
        said = [f"{self.copies:,} of an earlier row; groups: {self.groups:,}"]
        if self.conflicts:
            said.append(self.different(lists))
        return said + [str(each) for each in self.placeholders[:SHOWN_PLACEHOLDERS]]

    def different(self, lists: bool) -> str:
        """Count the groups whose labels differ, and say what that means."""
        wrong = f"{counted(self.wrong, 'label')} {'is' if self.wrong == 1 else 'are'}"
        means = (
            "several of these may be right, so they do not lower each other's quality"
            if lists
            else f"at most one of a group's labels is right, so at least {wrong} wrong"
        )
        return f"groups with different labels: {self.conflicts:,}" + (
            f" ({means})" if self.conflicts else ""
        )


def count_copies(copies: Copies, crawl: Crawl, columns: CopyColumns | None = None) -> CopyCounts:
    """Count the copies in a crawl, and compare the labels of each group.

    ``columns`` know the keys of rows, by which placeholders are named.
    """
    rows = copies.members
    groups, at = np.unique(copies.representative[rows], return_inverse=True)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)
    sets = _label_sets(labels)
    kept = sets >= 0
    counts = np.bincount(different_pairs(at[kept], sets[kept]).first, minlength=len(groups))
    sizes = copies.sizes[groups]
    most = _most_common(at, labels, len(groups))
    wrong = 0 if crawl.lists else int(kept.sum() - most.sum())
    found = placeholders(sizes, counts, most, len(crawl.classes.names))
    named = []
    for one in found:
        row, size, labelled = (int(each[one]) for each in (groups, sizes, counts))
        key = None if columns is None else columns.key_of(row)
        named.append(Placeholder(row, size, labelled, key))
    return CopyCounts(copies.count, len(groups), int((counts > 1).sum()), wrong, tuple(named))


def _most_common(group: Rows, labels: Rows, groups: int) -> Rows:
    """Count the rows of each group (groups,) that have its most common label, of (n, L)."""
    row, place = np.nonzero(labels != NO_CLASS)
    pairs = different_pairs(group[row], labels[row, place])
    most = np.zeros(groups, np.int64)
    np.maximum.at(most, pairs.first, pairs.counts)
    return most


def _label_sets(labels: Rows) -> Rows:
    """Give equal sets of labels (n, L) the same number (n,), and an empty one -1."""
    if not len(labels):
        return np.empty(0, np.int64)
    if labels.shape[1] == 1:
        return labels[:, 0]
    _, numbers = np.unique(np.sort(labels, axis=1), axis=0, return_inverse=True)
    return np.where((labels == NO_CLASS).all(axis=1), -1, numbers)
