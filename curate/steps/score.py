"""Scores of every row, kept by shards; they do not depend on alpha and beta."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from prototypes.method import AdaptedSpace, Prototypes, Scores, score_block
from prototypes.quality import ISSUE_KINDS

from curate.manifest.plan import Shard
from curate.steps.blocks import BLOCK_ROWS, StoredBlocks
from curate.store.folders import Folders

FLOATS = ("distance", "consistency", "quality", "suggested_quality", "wrong")


def score_shards(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    store: Folders,
) -> None:
    """Score the shards that ``store`` does not have.

    Kept: distance, consistency, label_quality, suggested (a class's position),
    suggested_quality, wrong (probability), is_label_issue, issue_kind; null where there is none.
    """
    for shard in blocks.shards:
        if shard.name not in store:
            store.write(shard.name, {"scores": _score(blocks, shard, space, prototypes)})
        blocks.advance(shard.rows)


def _score(
    blocks: StoredBlocks, shard: Shard, space: AdaptedSpace, prototypes: Prototypes
) -> pl.DataFrame:
    features, labels = blocks.read(shard)
    tables = []
    for start in range(0, shard.rows, BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        x = np.asarray(features[rows])
        scores = score_block(space.transform(x), labels[rows], prototypes)
        tables.append(_table(scores, x.any(axis=1)))
    return pl.concat(tables)


def _table(scores: Scores, there: NDArray[np.bool_]) -> pl.DataFrame:
    floats = {name: pl.Series(getattr(scores, name), dtype=pl.Float32) for name in FLOATS}
    kinds = pl.Series([ISSUE_KINDS[kind] for kind in scores.issue], dtype=pl.String)
    table = pl.DataFrame(
        floats
        | {
            "suggested": pl.Series(scores.suggested, dtype=pl.Int32),
            "is_label_issue": pl.Series(scores.issue != 0),
            "issue_kind": kinds,
        }
    )
    scored = pl.when(pl.lit(pl.Series(there)))
    return (
        table.with_columns(
            pl.col(FLOATS).fill_nan(None),
            scored.then("suggested").alias("suggested"),
            scored.then("is_label_issue").alias("is_label_issue"),
        )
        .with_columns(scored.then("suggested_quality").alias("suggested_quality"))
        .rename({"quality": "label_quality"})
    )
