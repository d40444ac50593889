"""Scores of rows that have copies."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.conflicts import LIKELY, Conflicts, at_most_one
from curate.duplicates.copies import Copies
from curate.manifest.plan import Shard
from curate.store.folders import Content, Folders
from curate.store.step import Made, Step

CONFLICTS = Step("scores", code=(__name__,), beside=("curate.manifest",), title="Comparing copies")
RELABEL, OUTLIER = "relabel", "outlier"


def compare_copies(scores: Folders, copies: Copies | None, crawl: Crawl) -> Folders:
    """Judge the labels of copies by each other, see `at_most_one`; the other rows stay.

    Where they differ, label_quality falls. A label that is rather wrong than right is flagged and
    counted as wrong, whatever the cuts of the crawl are: these are made for pictures, and it is
    that of many rows. The likeliest label of the picture is suggested where it is likelier than
    what was. An image with a list of labels may have several that are right, and is left alone.
    """
    if copies is None or not copies.count or crawl.lists:
        return scores
    rows = np.sort(copies.members)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)[:, 0]
    before = qualities(scores, crawl, rows)
    found = at_most_one(copies.representative[rows], labels, before)
    changed = found.wrong | (~np.isnan(before) & (found.quality != before))
    if not changed.any():
        return scores
    rows, labels, found = rows[changed], labels[changed], _only(found, changed)

    def one(shard: Shard) -> Made:
        here = shard.among(rows)
        table = _judged(
            scores.table(shard.name, "scores"),
            rows[here] - shard.first_row,
            labels[here],
            _only(found, here),
        )
        contents: dict[str, Content] = {"scores": table}
        if scores.file(shard.name, "blind.parquet").exists():
            contents["blind"] = scores.table(shard.name, "blind")
        return Made(contents)

    facts = {"scores": scores.root.name, "copies": copies.name}
    return CONFLICTS.by_shard(crawl.run, facts).make(crawl.shards, one)


def qualities(scores: Folders, crawl: Crawl, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return label_quality (m,) of rows (m,), ascending; NaN where there is none."""
    parts = [np.empty(0, np.float32)]
    for shard in crawl.shards:
        inside = rows[shard.among(rows)] - shard.first_row
        if len(inside):
            quality = scores.table(shard.name, "scores")["label_quality"]
            parts.append(quality.cast(pl.Float32).fill_null(np.nan).to_numpy()[inside])
    return np.concatenate(parts)


def _only(found: Conflicts, which: slice | NDArray[np.bool_]) -> Conflicts:
    return Conflicts(*(values[which] for values in vars(found).values()))


def _judged(
    table: pl.DataFrame, places: NDArray[np.int64], labels: NDArray[np.int64], found: Conflicts
) -> pl.DataFrame:
    """Replace what is said of some rows (m,) of a shard by what their copies' labels say."""
    told = table[places].with_columns(
        own=pl.Series(labels, dtype=pl.Int32),
        label_quality=found.quality,
        wrong=found.wrong,
        likeliest=pl.Series(found.likeliest, dtype=pl.Int32),
        probability=found.probability,
    )
    told = _flagged(_suggested(told)).select(table.columns)
    order = np.arange(len(table))
    order[places] = len(table) + np.arange(len(places))
    return pl.concat([table, told])[order]


def _suggested(told: pl.DataFrame) -> pl.DataFrame:
    """Suggest the likeliest label of the picture, instead of a wrong or less likely one."""
    own, given = pl.col("own"), pl.col("suggested") == pl.col("own")
    better = given | (pl.col("probability") >= pl.col("suggested_quality"))
    taken = pl.col("wrong") & (pl.col("likeliest") != own) & better.fill_null(True)
    quality = pl.when(given).then("label_quality").otherwise("suggested_quality")
    return told.with_columns(
        suggested=pl.when(taken).then("likeliest").otherwise("suggested"),
        suggested_quality=pl.when(taken).then("probability").otherwise(quality),
        taken=taken,
    )


def _flagged(told: pl.DataFrame) -> pl.DataFrame:
    """Flag wrong labels; of the kinds that were known before, outliers may find a class."""
    likely = pl.col("suggested_quality") >= LIKELY
    fits = likely & (pl.col("suggested") != pl.col("own"))
    kind = pl.when(fits).then(pl.lit(RELABEL)).otherwise(pl.lit(OUTLIER))
    new = pl.col("wrong") & (pl.col("issue_kind").is_null() | (pl.col("taken") & fits))
    return told.with_columns(
        issue_kind=pl.when(new).then(kind).otherwise("issue_kind"),
        is_label_issue=pl.col("is_label_issue") | pl.col("wrong"),
        counted_wrong=pl.col("counted_wrong") | pl.col("wrong"),
    )
