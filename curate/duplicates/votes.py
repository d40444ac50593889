"""One vote for each label of a picture: of its copies that have the same label the first one's."""

import numpy as np
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.copies import Copies
from curate.duplicates.stars import Rows
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.step import Made, Step

VOTES = Step("labels", code=(__name__,))


def votes(labels: Folders, copies: Copies, crawl: Crawl) -> Folders:
    """Keep the labels of rows that vote; a copy that has the label of an earlier one has none.

    What is fitted to these is fitted to pictures. So a picture's part in a sum is that of one row,
    and what is taken off for a row's own part is the part of all its copies. A list of labels is
    one label here: copies with other lists vote too.
    """
    rows = copies.members
    group, sets = copies.representative[rows], gathered_labels(crawl.shards, labels, rows)
    silent = np.sort(rows[again(group, sets)])
    if not len(silent):
        return labels

    def part(shard: Shard) -> Made:
        here = slice(*np.searchsorted(silent, (shard.first_row, shard.first_row + shard.rows)))
        found = np.array(labels.array(shard.name, "labels"))
        found[silent[here] - shard.first_row] = NO_CLASS
        return Made({"labels": found})

    facts = {"part": "votes", "labels": labels.root.name, "copies": copies.name}
    return VOTES.by_shard(crawl.run, facts).make(crawl.shards, part)


def again(group: Rows, sets: Rows) -> NDArray[np.bool_]:
    """Tell which rows (m,) have the labels (m, L) of an earlier row of their ``group`` (m,)."""
    labelled = np.flatnonzero((sets != NO_CLASS).any(axis=1))
    keys = np.column_stack([group[labelled], np.sort(sets[labelled], axis=1)])
    _, first = np.unique(keys, axis=0, return_index=True)
    found = np.zeros(len(group), bool)
    found[labelled] = True
    found[labelled[first]] = False
    return found
