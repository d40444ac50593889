"""Scores of every row, kept by shards; they do not depend on alpha and beta."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.manifest.plan import Shard
from curate.steps.blocks import StoredBlocks
from curate.store.folders import Folders
from prototypes.method import Prototypes, Scores, score_block
from prototypes.quality import ISSUE_KINDS
from prototypes.space import AdaptedSpace


def score_shards(
    blocks: StoredBlocks,
    space: AdaptedSpace,
    prototypes: Prototypes,
    store: Folders,
) -> None:
    """Score the shards that ``store`` does not have.

    Kept: distance, consistency, label_quality, suggested (a class's position), suggested_quality,
    is_label_issue, issue_kind, counted_wrong; null where there is none.
    """
    for shard in blocks.shards:
        if shard.name not in store:
            store.write(shard.name, {"scores": _score(blocks, shard, space, prototypes)})
        blocks.advance(shard.rows)


def _score(
    blocks: StoredBlocks, shard: Shard, space: AdaptedSpace, prototypes: Prototypes
) -> pl.DataFrame:
    return pl.concat(
        _table(score_block(x, labels, space, prototypes), np.any(x != 0, axis=1))
        for x, labels in blocks.read(shard)
    )


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
