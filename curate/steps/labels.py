"""Each row's label as a position in the classes, kept by shards."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from curate.classes import Classes
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.folders import Folders


def index_labels(
    manifest: Manifest, shards: Sequence[Shard], classes: Classes, store: Folders
) -> None:
    """Write int32 positions (n,), -1 for no label, for the shards that ``store`` does not have."""
    wanted = [shard for shard in shards if shard.name not in store]
    for shard, batches in read_shards(manifest, wanted, [manifest.columns.label]):
        labels = pl.Series(pa.chunked_array([batch.column(0) for batch in batches]))
        positions = np.ascontiguousarray(classes.indices(labels), np.int32)
        store.write(shard.name, {"labels": positions}, rows=shard.rows)
