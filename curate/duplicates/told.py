"""What is said of the copies in a crawl: how many, whose labels disagree, and placeholders."""

from dataclasses import dataclass

import numpy as np

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.copies import Copies
from curate.duplicates.stars import Rows
from curate.manifest.classes import NO_CLASS

PLACEHOLDER_ROWS = 10
PLACEHOLDER_LABELS = 5
"""A picture that so many rows of so many labels have, or of all labels, shows none of them."""
PLACEHOLDER_SHARE = 0.8
"""A picture of which this share of the rows have one label shows that: others are errors."""


@dataclass(frozen=True)
class Placeholder:
    """A picture that is all over the crawl, such as one that says that there is none."""

    row: int
    """The first row that has it."""
    rows: int
    labels: int
    """Different labels, or sets of them, of these rows."""


@dataclass(frozen=True)
class CopyCounts:
    """Counts of the copies in a crawl."""

    copies: int
    """Rows whose picture an earlier row has."""
    groups: int
    conflicts: int
    """Groups whose rows have different labels; at most one of these is right."""
    placeholders: tuple[Placeholder, ...]
    """Largest first."""


def count_copies(copies: Copies, crawl: Crawl) -> CopyCounts:
    """Count the copies in a crawl, and compare the labels of each group."""
    rows = copies.members
    groups, at = np.unique(copies.representative[rows], return_inverse=True)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)
    sets = _label_sets(labels)
    kept = sets >= 0
    different = np.unique(np.stack([at[kept], sets[kept]], 1), axis=0)[:, 0]
    counts = np.bincount(different, minlength=len(groups))
    sizes = copies.sizes[groups]
    many = min(PLACEHOLDER_LABELS, len(crawl.classes.names))
    varied = _most_common(at, labels, len(groups)) < PLACEHOLDER_SHARE * sizes
    everywhere = np.flatnonzero((sizes >= PLACEHOLDER_ROWS) & (counts >= many) & varied)
    placeholders = [
        Placeholder(int(groups[one]), int(sizes[one]), int(counts[one]))
        for one in everywhere[np.argsort(-sizes[everywhere], kind="stable")]
    ]
    return CopyCounts(copies.count, len(groups), int((counts > 1).sum()), tuple(placeholders))


def _most_common(group: Rows, labels: Rows, groups: int) -> Rows:
    """Count the rows of each group (groups,) that have its most common label, of (n, L)."""
    row, place = np.nonzero(labels != NO_CLASS)
    pairs = np.column_stack([group[row], labels[row, place]])
    distinct, counts = np.unique(pairs, axis=0, return_counts=True)
    most = np.zeros(groups, np.int64)
    np.maximum.at(most, distinct[:, 0], counts)
    return most


def _label_sets(labels: Rows) -> Rows:
    """Give equal sets of labels (n, L) the same number (n,), and an empty one -1."""
    if not len(labels):
        return np.empty(0, np.int64)
    _, numbers = np.unique(np.sort(labels, axis=1), axis=0, return_inverse=True)
    return np.where((labels == NO_CLASS).all(axis=1), -1, numbers)
