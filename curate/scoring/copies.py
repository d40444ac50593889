"""Scores of rows whose copies have other labels."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.conflicts import at_most_one
from curate.duplicates.copies import Copies
from curate.manifest.plan import Shard
from curate.store.folders import Content, Folders
from curate.store.step import Made, Step

CONFLICTS = Step("scores", code=(__name__,), beside=("curate.manifest",), title="Comparing copies")


def compare_copies(scores: Folders, copies: Copies | None, crawl: Crawl) -> Folders:
    """Lower label_quality where copies have different labels, see `at_most_one`; else all stays.

    An image with a list of labels may have several that are right, and is left alone.
    """
    if copies is None or not copies.count or crawl.lists:
        return scores
    rows = np.sort(copies.members)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)[:, 0]
    before = np.concatenate([_qualities(scores, shard, rows) for shard in crawl.shards])
    after = at_most_one(copies.representative[rows], labels, before)
    changed = ~np.isnan(before) & (after != before)
    if not changed.any():
        return scores
    rows, after = rows[changed], after[changed]

    def one(shard: Shard) -> Made:
        table = scores.table(shard.name, "scores")
        here = shard.among(rows)
        quality = table["label_quality"].scatter(rows[here] - shard.first_row, after[here])
        contents: dict[str, Content] = {"scores": table.with_columns(quality)}
        if scores.file(shard.name, "blind.parquet").exists():
            contents["blind"] = scores.table(shard.name, "blind")
        return Made(contents)

    facts = {"scores": scores.root.name, "copies": copies.name}
    return CONFLICTS.by_shard(crawl.run, facts).make(crawl.shards, one)


def _qualities(scores: Folders, shard: Shard, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return label_quality of those of the rows (m,), ascending, that lie in a shard."""
    here = shard.among(rows)
    inside = rows[here] - shard.first_row
    if not len(inside):
        return np.empty(0, np.float32)
    quality = scores.table(shard.name, "scores")["label_quality"]
    return quality.cast(pl.Float32).fill_null(np.nan).to_numpy()[inside]
