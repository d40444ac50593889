"""Scores of every row, kept by shards; they do not depend on alpha and beta."""

from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.in_order import in_order
from curate.manifest.plan import Shard
from curate.steps.blocks import StoredBlocks
from curate.steps.second_opinions import WeighedOpinions
from curate.store.folders import Content, Folders
from prototypes.blocks import not_zero
from prototypes.method import Prototypes, Scores
from prototypes.missing import missing_labels
from prototypes.opinions import score_opinions
from prototypes.products import Products
from prototypes.quality import ISSUE_KINDS
from prototypes.space import AdaptedSpace

KINDS = pl.Series(ISSUE_KINDS, dtype=pl.String)


def score_shards(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    opinions: WeighedOpinions,
    store: Folders,
    lists: bool,
    products: Products,
) -> None:
    """Score, by blocks of g, the shards that ``store`` does not have.

    Kept: distance, consistency, label_quality, suggested (a class's position), suggested_quality,
    is_label_issue, issue_kind, counted_wrong; null where there is none. With captions compared,
    caption_agreement too. With ``lists`` of labels these are of (row, label) pairs, and what is
    missing is kept too: row, suggested, suggested_quality.
    """

    def score(shard: Shard, first: int) -> int:
        if shard.name not in store:
            scores = _score(blocks, shard, first, space, prototypes, opinions, products)
            contents: dict[str, Content] = {"scores": scores}
            if lists:
                contents["missing"] = _missing(blocks, shard, prototypes)
            store.write(shard.name, contents)
        return shard.rows

    firsts = np.cumsum([0, *map(blocks.pairs, blocks.shards)])
    tasks = (partial(score, *known) for known in zip(blocks.shards, firsts[:-1], strict=True))
    for rows in in_order(tasks, blocks.threads):
        blocks.advance(rows)


def _score(
    blocks: StoredBlocks,
    shard: Shard,
    first: int,
    space: AdaptedSpace,
    prototypes: Prototypes,
    opinions: WeighedOpinions,
    products: Products,
) -> pl.DataFrame:
    sources, tables = opinions.sources, []
    for block in sources.beside(blocks, shard):
        rows = slice(first, first + len(block.labels))
        p = None if prototypes.p is None else prototypes.p[rows]
        scores = score_opinions(
            block, space, prototypes, sources.texts, opinions.worth, p, products
        )
        table = _table(scores, not_zero(block.g))
        if sources.captions is not None:
            table = table.with_columns(caption_agreement=pl.Series(block.agreement).fill_nan(None))
        tables.append(table)
        first = rows.stop
    return pl.concat(tables)


def _missing(blocks: StoredBlocks, shard: Shard, prototypes: Prototypes) -> pl.DataFrame:
    tables, first = [], 0
    for g, given in blocks.images(shard):
        rows, k = blocks.features.as_floats(g), prototypes.per_class
        found = missing_labels(rows, given, prototypes.v, prototypes.tau, k)
        columns = {"row": found.rows + first, "suggested": found.classes.astype(np.int32)}
        tables.append(pl.DataFrame(columns | {"suggested_quality": found.quality}))
        first += len(given)
    return pl.concat(tables)


def _table(scores: Scores, there: NDArray[np.bool_]) -> pl.DataFrame:
    label = scores.label
    table = pl.DataFrame(
        {
            "distance": label.distance,
            "consistency": scores.consistency,
            "label_quality": label.quality,
            "suggested": label.suggested.astype(np.int32),
            "suggested_quality": label.suggested_quality,
            "is_label_issue": label.issue != 0,
            "counted_wrong": label.counted_wrong,
            "issue_kind": KINDS.gather(label.issue),
        }
    )
    scored = pl.lit(pl.Series(there))
    return table.select(pl.when(scored).then(pl.all())).with_columns(
        pl.col(pl.Float32).fill_nan(None)
    )
