"""Scores of every row, kept by shards; they do not depend on alpha and beta."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.manifest.plan import Shard
from curate.steps.blocks import StoredBlocks
from curate.steps.second_opinions import WeighedOpinions
from curate.store.folders import Content, Folders
from prototypes.method import Prototypes, Scores
from prototypes.missing import missing_labels
from prototypes.opinions import score_opinions
from prototypes.quality import ISSUE_KINDS
from prototypes.space import AdaptedSpace


def score_shards(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    graph: NDArray[np.float32] | None,
    opinions: WeighedOpinions,
    store: Folders,
    lists: bool,
) -> None:
    """Score the shards that ``store`` does not have.

    Kept: distance, consistency, label_quality, suggested (a class's position), suggested_quality,
    is_label_issue, issue_kind, counted_wrong; null where there is none. With captions compared,
    caption_agreement too. With ``lists`` of labels these are of (row, label) pairs, and what is
    missing is kept too: row, suggested, suggested_quality.
    """
    for shard in blocks.shards:
        if shard.name not in store:
            scores = _score(blocks, shard, space, prototypes, graph, opinions)
            contents: dict[str, Content] = {"scores": scores}
            if lists:
                contents["missing"] = _missing(blocks, shard, space, prototypes)
            store.write(shard.name, contents)
        blocks.advance(shard.rows)


def _score(
    blocks: StoredBlocks,
    shard: Shard,
    space: AdaptedSpace,
    prototypes: Prototypes,
    graph: NDArray[np.float32] | None,
    opinions: WeighedOpinions,
) -> pl.DataFrame:
    sources, tables = opinions.sources, []
    for block in sources.beside(blocks, shard):
        x, labels, said = block.features, block.labels, block.agreement
        scores = score_opinions(
            x, labels, said, space, prototypes, sources.texts, opinions.worth, graph
        )
        table = _table(scores, np.any(x != 0, axis=1))
        if sources.captions is not None:
            table = table.with_columns(caption_agreement=pl.Series(said).fill_nan(None))
        tables.append(table)
    return pl.concat(tables)


def _missing(
    blocks: StoredBlocks, shard: Shard, space: AdaptedSpace, prototypes: Prototypes
) -> pl.DataFrame:
    tables, first = [], 0
    for features, given in blocks.images(shard):
        g = space.transform(features)
        found = missing_labels(g, given, prototypes.v, prototypes.tau, prototypes.per_class)
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
            "issue_kind": pl.Series([ISSUE_KINDS[kind] for kind in label.issue], dtype=pl.String),
        }
    )
    scored = pl.lit(pl.Series(there))
    return table.select(pl.when(scored).then(pl.all())).with_columns(
        pl.col(pl.Float32).fill_nan(None)
    )
