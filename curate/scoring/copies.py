"""Scores of rows that have copies."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.conflicts import LIKELY, at_most_one
from curate.duplicates.copies import Copies
from curate.duplicates.picture_labels import PictureLabels
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.scoring.apart import Apart
from curate.scoring.fit import Fits
from curate.scoring.second_opinions import WeighedOpinions
from curate.store.folders import Content, Folders
from curate.store.step import Made, Step

CONFLICTS = Step("scores", code=(__name__,), beside=("curate.manifest",), title="Comparing copies")
RELABEL, OUTLIER = "relabel", "outlier"
SHARED = ("label_quality", "suggested", "suggested_quality", "is_label_issue", "issue_kind",
          "counted_wrong")  # fmt: skip
Rows = NDArray[np.int64]
OTHER = pl.when(pl.col("suggested_quality") >= LIKELY).then(pl.lit(RELABEL))
KIND = pl.coalesce("issue_kind", OTHER.otherwise(pl.lit(OUTLIER)))
"""What a label that is rather wrong than right is, where the cuts of the crawl did not tell."""


def compare_copies(
    scores: Folders, fits: Fits, opinions: WeighedOpinions, copies: Copies | None
) -> Folders:
    """Say the same of all rows that show one picture; the scores of other rows stay.

    Rows with the same label share what is said of the first of them. Where labels differ, they are
    judged by each other, see `at_most_one`. If one of them is rather right, it is suggested for
    all; rows that have it are not flagged, the others are to be relabelled. If none is, the
    likeliest one tells what all are: to be relabelled to a class that no copy has, or outliers. Of
    a placeholder, all are then wrong. A label that is rather wrong than right is flagged and
    counted as wrong, whatever the cuts of the crawl are: these are made for pictures, and it is
    that of many rows. An image with a list of labels may have several that are right, and is left
    alone.
    """
    crawl = fits.fitted.of.crawl
    if copies is None or not copies.count or crawl.lists:
        return scores
    facts = {"scores": scores.root.name, "copies": copies.name}
    kept = CONFLICTS.by_shard(crawl.run, facts)
    if not kept.missing(crawl.shards):
        return kept.store
    rows, said = _told(scores, Apart(fits, opinions), copies)

    def one(shard: Shard) -> Made:
        here = shard.among(rows)
        table = scores.table(shard.name, "scores")
        contents: dict[str, Content] = {
            "scores": _replaced(table, rows[here] - shard.first_row, said[here])
        }
        if scores.file(shard.name, "blind.parquet").exists():
            contents["blind"] = scores.table(shard.name, "blind")
        return Made(contents)

    return kept.make(crawl.shards, one)


def judged_rows(scores: Folders, copies: Copies, crawl: Crawl) -> tuple[Rows, pl.DataFrame]:
    """Return the rows (m,) with copies for which something is suggested, and their `SHARED`."""
    members, found, rows = np.sort(copies.members), [], []
    for shard in crawl.shards:
        inside = members[shard.among(members)] - shard.first_row
        table = scores.table(shard.name, "scores").select(SHARED)[inside]
        kept = table["suggested"].is_not_null()
        found.append(table.filter(kept))
        rows.append(inside[kept.to_numpy()] + shard.first_row)
    return np.concatenate(rows), pl.concat(found)


def _told(scores: Folders, apart: Apart, copies: Copies) -> tuple[Rows, pl.DataFrame]:
    """Return rows (m,) with copies, ascending, and what is said of them: `SHARED`."""
    crawl = apart.fits.fitted.of.crawl
    rows, before = judged_rows(scores, copies, crawl)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)[:, 0]
    found = PictureLabels.among(copies.representative[rows], labels)
    said = _flagged(before[found.speaker])
    pairs = np.flatnonzero(found.several)
    pairs = pairs[np.argsort(found.speaker[pairs])]
    scored = apart.scores(found, pairs, rows[found.speaker[pairs]])
    order = np.arange(len(said))
    order[pairs] = len(said) + np.arange(len(pairs))
    compared = _compared(found, pairs, scored)
    none = pl.Series(found.placeholders(len(crawl.classes.names))[pairs])
    wrong = pl.col("counted_wrong") | (none & (pl.col("issue_kind") == OUTLIER).fill_null(False))
    said = pl.concat([said, compared.with_columns(counted_wrong=wrong)])[order]
    return rows, _suggested_alike(found, said)[found.of]


def _replaced(table: pl.DataFrame, places: Rows, said: pl.DataFrame) -> pl.DataFrame:
    """Replace what is said of some rows (m,) of a shard."""
    told = table[places].with_columns(said).select(table.columns)
    order = np.arange(len(table))
    order[places] = len(table) + np.arange(len(places))
    return pl.concat([table, told])[order]


def _flagged(said: pl.DataFrame) -> pl.DataFrame:
    """Flag and count labels that are rather wrong than right."""
    wrong = (pl.col("label_quality") < LIKELY).fill_null(False)
    return said.with_columns(
        issue_kind=pl.when(wrong).then(KIND).otherwise("issue_kind"),
        is_label_issue=pl.col("is_label_issue") | wrong,
        counted_wrong=pl.col("counted_wrong") | wrong,
    )


def _compared(found: PictureLabels, pairs: Rows, scored: pl.DataFrame) -> pl.DataFrame:
    """Say what the labels of pictures with several are worth, as they are scored apart."""
    own = found.label[pairs]
    told = at_most_one(found.picture[pairs], scored["label_quality"].to_numpy())
    best = scored[told.best].with_columns(
        kind=KIND, known=pl.Series(told.known), own=pl.Series(own[told.best])
    )
    itself = pl.col("known") | (pl.col("suggested") == pl.col("own"))
    left = pl.Series(told.none) / (1 - pl.col("label_quality"))
    return best.select(
        label_quality=pl.Series(told.quality),
        suggested=pl.when(itself).then("own").otherwise("suggested").cast(pl.Int32),
        suggested_quality=pl.when(itself)
        .then(pl.Series(told.quality[told.best]))
        .otherwise(pl.col("suggested_quality") * left)
        .cast(pl.Float32),
        is_label_issue=~pl.col("known") | pl.Series(own != own[told.best]),
        issue_kind=pl.when("known")
        .then(pl.when(pl.Series(own != own[told.best])).then(pl.lit(RELABEL)))
        .when(itself)
        .then(pl.lit(OUTLIER))
        .otherwise("kind"),
        counted_wrong=pl.Series(told.wrong),
    )


def _suggested_alike(found: PictureLabels, said: pl.DataFrame) -> pl.DataFrame:
    """Suggest for copies without a label what is suggested for those with one."""
    order = np.lexsort((found.label == NO_CLASS, found.picture))
    first = order[np.searchsorted(found.picture, found.picture)]
    taken = np.where(found.label == NO_CLASS, first, np.arange(len(first)))
    return said.with_columns(said.select("suggested", "suggested_quality")[taken])
