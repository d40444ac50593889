"""What a head says of every row, as columns: made by shards, and removed once they are written."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.heads.apply import HeadOnRun
from curate.heads.columns import Columns
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.run import Run
from curate.store.step import Made, Step

REFINED = Step("refined", code=(), title="Refining", checked=False)
"""No code is part of it: nothing of it is used again."""
FILE, NOISE = "columns.parquet", "noise"


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
        return Made({FILE: partial(_write, table)}, {NOISE: noise.tolist()})


def judged_columns(store: Folders, shard: Shard) -> tuple[pa.Table, NDArray[np.int64]]:
    """Read the columns of a shard, and how many rows are of each type of noise."""
    noise = np.array(store.receipt(shard.name)[NOISE], np.int64)
    return pq.read_table(store.file(shard.name, FILE)), noise


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path)
