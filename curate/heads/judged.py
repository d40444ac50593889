"""What a head says of every row, as columns: made by shards, and removed once they are written."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.heads.apply import HeadOnRun
from curate.heads.columns import Columns
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.run import Run
from curate.store.step import Made, Step
from curate.weighted.columns import REFINED_NAMES

REFINED = Step("refined", code=(), title="Refining", checked=False)
"""No code is part of it: nothing of it is used again."""
FILE, NOISE, NO_LABEL = "columns.parquet", "noise", "no label"


@dataclass(frozen=True)
class Judging:
    """A head on a run's rows, and how what it says becomes columns."""

    applied: HeadOnRun
    columns: Columns
    worse: NDArray[np.bool_]
    """(K,): classes that get worse keep given labels."""

    def by_shards(self, run: Run) -> Folders:
        """Judge all rows of the file, wherever the run's engine has workers."""
        REFINED.remove(run)
        gpu = self.applied.head.inputs.mean.is_cuda
        return REFINED.by_shard(run, {}).make(self.applied.work.file_shards, self._made, gpu=gpu)

    def _made(self, shard: Shard) -> Made:
        blocks = list(self.applied.judge_shard(shard, self.worse))
        table = pa.concat_tables([self.columns.table(found) for found in blocks])
        noise = np.sum([found.noise_types for found in blocks], axis=0)
        has_features = np.concatenate([found.has_features for found in blocks])
        without = int((lacks_label(table[REFINED_NAMES[0]]) & has_features).sum())
        return Made({FILE: partial(_write, table)}, {NOISE: noise.tolist(), NO_LABEL: without})


def judged_columns(store: Folders, shard: Shard) -> tuple[pa.Table, NDArray[np.int64]]:
    """Read the columns of a shard, and counts (4,).

    These are of rows of each type of noise, and of rows with features that get no label.
    """
    told = store.receipt(shard.name)
    counts = np.array([*told[NOISE], told[NO_LABEL]], np.int64)
    return pq.read_table(store.file(shard.name, FILE)), counts


def lacks_label(labels: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Tell which rows (n,) have a null or an empty list for a label."""
    if pa.types.is_list(labels.type):
        return np.asarray(pc.fill_null(pc.equal(pc.list_value_length(labels), 0), True))
    return np.asarray(labels.is_null())


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path)
