"""One vote for each label of a picture, however many copies of it a crawl has."""

import numpy as np
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.copies import Copies
from curate.duplicates.pairs import different_pairs
from curate.duplicates.stars import Rows
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.step import Made, Step

VOTES = Step("labels", code=(__name__,))


def votes(labels: Folders, copies: Copies, crawl: Crawl) -> Folders:
    """Keep the labels of rows that vote; a copy that has the label of an earlier one has none.

    What is fitted to these is fitted to pictures. So a picture's part in a sum is that of one row,
    and what is taken off for a row's own part is the part of all its copies. Of copies with lists
    of labels the first one votes, for the labels of all.
    """
    rows = np.sort(copies.members)
    group, sets = copies.representative[rows], gathered_labels(crawl.shards, labels, rows)
    voting = joined(group, sets) if crawl.lists else np.where(again(group, sets)[:, None], -1, sets)
    changed = (voting != sets).any(axis=1)
    return _kept("votes", labels, copies, crawl, rows[changed], voting[changed])


def undisputed(votes: Folders, copies: Copies, crawl: Crawl) -> Folders:
    """Keep the votes of pictures whose copies agree; the same folders where all do.

    They tell how often labels are wrong. Of a picture with several votes all but one are, which
    says nothing of others; and of near copies one would be judged by what the other adds to a
    prototype. Where most pictures are disputed, all votes stay. Images with lists may have several
    labels that are right.
    """
    rows = np.sort(copies.members)
    group, sets = copies.representative[rows], gathered_labels(crawl.shards, votes, rows)
    disputed = contradicted(group, sets[:, 0])
    pictures = sum(crawl.classes.counts) - copies.count
    if crawl.lists or 2 * len(np.unique(group[disputed])) > pictures:
        return votes
    none = np.full((disputed.sum(), 1), NO_CLASS)
    return _kept("undisputed", votes, copies, crawl, rows[disputed], none)


def contradicted(group: Rows, labels: Rows) -> NDArray[np.bool_]:
    """Tell which rows (m,) have a label while others of their ``group`` (m,) have another one."""
    labelled = np.flatnonzero(labels != NO_CLASS)
    pairs = different_pairs(group[labelled], labels[labelled])
    groups, counts = np.unique(pairs.first, return_counts=True)
    return np.asarray((labels != NO_CLASS) & np.isin(group, groups[counts > 1]))


def _kept(
    part: str, labels: Folders, copies: Copies, crawl: Crawl, rows: Rows, sets: Rows
) -> Folders:
    """Keep labels of which those of some rows (m,) are replaced by sets (m, L)."""
    if not len(rows):
        return labels
    narrow = sets.astype(np.int32)

    def one(shard: Shard) -> Made:
        here = shard.among(rows)
        inside, before = rows[here] - shard.first_row, labels.array(shard.name, "labels")
        return Made({"labels": _replaced(before, inside, narrow[here])})

    facts = {"part": part, "labels": labels.root.name, "copies": copies.name}
    return VOTES.by_shard(crawl.run, facts).make(crawl.shards, one)


def again(group: Rows, sets: Rows) -> NDArray[np.bool_]:
    """Tell which rows (m,) have the labels (m, L) of an earlier row of their ``group`` (m,)."""
    labelled = np.flatnonzero((sets != NO_CLASS).any(axis=1))
    if sets.shape[1] == 1:
        first = different_pairs(group[labelled], sets[labelled, 0]).at
    else:
        keys = np.column_stack([group[labelled], np.sort(sets[labelled], axis=1)])
        _, first = np.unique(keys, axis=0, return_index=True)
    found = np.zeros(len(group), bool)
    found[labelled] = True
    found[labelled[first]] = False
    return found


def joined(group: Rows, sets: Rows) -> Rows:
    """Give the first labelled row of each group the labels (m, L) of all its rows, others none.

    A group with more than L labels, such as a placeholder, keeps the first row of each list: wider
    sets would cost time and memory in all other rows.
    """
    row, place = np.nonzero(sets != NO_CLASS)
    pairs = np.unique(np.column_stack([group[row], sets[row, place]]), axis=0)
    groups, starts, counts = np.unique(pairs[:, 0], return_index=True, return_counts=True)
    _, first = np.unique(group[row], return_index=True)
    few = counts <= sets.shape[1]
    voting = np.where(again(group, sets)[:, None], NO_CLASS, sets)
    voting[np.isin(group, groups[few])] = NO_CLASS
    at = np.repeat(np.arange(len(groups)), counts)
    order = np.arange(len(pairs)) - starts[at]
    kept = few[at]
    voting[row[first][at[kept]], order[kept]] = pairs[kept, 1]
    return voting


def _replaced(labels: NDArray[np.int32], rows: Rows, sets: NDArray[np.int32]) -> NDArray[np.int32]:
    """Replace the labels of some rows of a shard, (n,) or (n, L'), by sets (m, L)."""
    if labels.ndim == 1:
        found = np.array(labels)
        found[rows] = sets[:, 0]
        return found
    width = max(labels.shape[1], int((sets != NO_CLASS).sum(axis=1).max(initial=0)))
    more = ((0, 0), (0, width - labels.shape[1]))
    found = np.pad(labels, more, constant_values=NO_CLASS)
    found[rows] = NO_CLASS
    wide = min(width, sets.shape[1])
    found[rows, :wide] = sets[:, :wide]
    return found
