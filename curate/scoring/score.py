"""Scores of every row, kept by shards; they do not depend on alpha and beta."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.fit import BlindFit, Fit
from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import BLOCK_ROWS
from curate.manifest.plan import Shard
from curate.scoring.fit import Fits
from curate.scoring.second_opinions import WeighedOpinions
from curate.store.folders import Content, Folders
from curate.store.step import Made, Step
from prototypes.engine.blocks import not_zero
from prototypes.engine.products import Products
from prototypes.method import Prototypes, Scores
from prototypes.score.missing import missing_labels
from prototypes.score.opinions import OpinionSample, score_opinions
from prototypes.score.quality import ISSUE_KINDS

KINDS = pl.Series(ISSUE_KINDS, dtype=pl.String)
Rows = NDArray[np.int64]


SCORES = Step("scores", code=(__name__,), title="Scoring")


def score(fits: Fits, opinions: WeighedOpinions, lists: bool) -> Folders:
    """Score the given label of every row, in blocks of g; kept scores are loaded.

    Kept: distance, consistency, label_quality, suggested (a class's position), suggested_quality,
    is_label_issue, issue_kind, counted_wrong; null where there is none. If captions are compared,
    caption_agreement too. With ``lists`` of labels, each row is a (row, label) pair, and missing
    labels are kept too: row, suggested, suggested_quality. Verified rows are judged by the fit
    that does not know their verified labels. Where there are any, what that fit says of every
    labelled row is kept too, as ``blind``: row (of the shard), label_quality.
    """
    fitted, blind = fits.fitted, fits.blind_fit
    shards, tools = fitted.of.crawl.shards, fitted.of.tools
    blocks = fitted.blocks(fitted.of.labels.given)
    pairs = np.cumsum([0, *map(blocks.pairs, shards)])
    firsts = {shard.name: int(first) for shard, first in zip(shards, pairs[:-1], strict=True)}

    fit, products = fitted.fit, tools.products

    def one(shard: Shard) -> Made:
        scores = _score(blocks, shard, firsts[shard.name], fit, opinions, products)
        contents: dict[str, Content] = {}
        if blind is not None:
            again = _blind(blocks, shard, blind, opinions, products)
            scores = _put(scores, blind.rows(shard), again)
            contents["blind"] = again.select("row", "label_quality")
        contents["scores"] = scores
        if lists:
            contents["missing"] = _missing(blocks, shard, fit.prototypes)
        return Made(contents)

    kept = SCORES.by_shard(fitted.of.crawl.run, {**fits.facts, "opinions": opinions.name})
    if kept.missing(shards):
        fitted.adapt()
    return kept.make(shards, one, tools.threads, products.gpu)


def _score(
    blocks: StoredBlocks,
    shard: Shard,
    first: int,
    fit: Fit,
    opinions: WeighedOpinions,
    products: Products,
) -> pl.DataFrame:
    known, tables = fit.prototypes.p, []
    for block in opinions.sources.beside(blocks, shard):
        rows = slice(first, first + len(block.labels))
        p = None if known is None else known[rows]
        tables.append(_judged(block, fit, opinions, p, products))
        first = rows.stop
    return pl.concat(tables)


def _blind(
    blocks: StoredBlocks,
    shard: Shard,
    blind: BlindFit,
    opinions: WeighedOpinions,
    products: Products,
) -> pl.DataFrame:
    """Score the labelled rows of a shard that have features by the blind fit; adds column row."""
    rows = np.flatnonzero(blind.labelled(shard))
    parts = [rows[at : at + BLOCK_ROWS] for at in range(0, max(len(rows), 1), BLOCK_ROWS)]
    tables = [_again(blocks, shard, part, blind, opinions, products) for part in parts]
    return pl.concat(tables).with_columns(row=pl.Series(rows))


def _again(
    blocks: StoredBlocks,
    shard: Shard,
    rows: Rows,
    blind: BlindFit,
    opinions: WeighedOpinions,
    products: Products,
) -> pl.DataFrame:
    """Score some rows of a shard again, by the blind fit."""
    labels = blocks.labels.array(shard.name, "labels")[rows]
    sample = opinions.sources.of_rows(shard, rows, blind.g(shard, rows), labels)
    return _judged(sample, blind.fit, opinions, None, products)


def _put(scores: pl.DataFrame, rows: Rows, others: pl.DataFrame) -> pl.DataFrame:
    """Replace rows (m,) of the scores by those of ``others``, which has them in its column row."""
    order = np.arange(len(scores))
    order[rows] = len(scores) + np.searchsorted(others["row"].to_numpy(), rows)
    return pl.concat([scores, others.drop("row")])[order]


def _judged(
    block: OpinionSample,
    fit: Fit,
    opinions: WeighedOpinions,
    p: NDArray[np.float32] | None,
    products: Products,
) -> pl.DataFrame:
    texts, weights = opinions.sources.texts, opinions.weights
    scores = score_opinions(block, fit.space, fit.prototypes, texts, weights, p, products)
    table = _table(scores, not_zero(block.g))
    if opinions.sources.captions is None:
        return table
    return table.with_columns(caption_agreement=pl.Series(block.agreement).fill_nan(None))


def _missing(blocks: StoredBlocks, shard: Shard, prototypes: Prototypes) -> pl.DataFrame:
    tables, first = [], 0
    for g, given in blocks.images(shard):
        rows, k = blocks.features.as_floats(g), prototypes.per_class
        found = missing_labels(
            rows, given, prototypes.v, prototypes.tau, k, prototypes.level, prototypes.little_known
        )
        columns = {"row": found.rows + first, "suggested": found.classes.astype(np.int32)}
        tables.append(pl.DataFrame(columns | {"suggested_quality": found.quality}))
        first += len(given)
    return pl.concat(tables)


def _table(scores: Scores, has_features: NDArray[np.bool_]) -> pl.DataFrame:
    label = scores.label
    table = pl.DataFrame(
        {
            "distance": label.distance,
            "consistency": scores.consistency,
            "label_quality": label.quality,
            "suggested": pl.Series(label.suggested, dtype=pl.Int32).replace(-1, None),
            "suggested_quality": label.suggested_quality,
            "is_label_issue": label.issue != 0,
            "counted_wrong": label.counted_wrong,
            "issue_kind": KINDS.gather(label.issue),
        }
    )
    scored = pl.lit(pl.Series(has_features))
    return table.select(pl.when(scored).then(pl.all())).with_columns(
        pl.col(pl.Float32).fill_nan(None)
    )
