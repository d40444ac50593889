"""The features that weights were made from, as one array in the order of the rows."""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.images.status import Status
from curate.store.folders import Folders
from curate.weighted import WeightedOptions, open_weighted


def row_features(options: WeightedOptions) -> NDArray[np.float16]:
    """Return features (N, D) of unit length, float16, NaN in rows that have none.

    They are those of the run: before the adapted space, and of a sum of encoders those of
    each side by side, each of unit length. They are copied block by block to a temporary file
    (TMPDIR), which is mapped into memory and goes with the array. Raises CurateError where the
    run's folder is gone, or is not that of these rows, or where features that stayed in the
    user's file are there no longer.
    """
    with tempfile.TemporaryDirectory() as frozen:
        weighted = open_weighted(options, Folders(Path(frozen)))
        work = weighted.work()
    rows = sum(shard.rows for shard in work.shards)
    if rows != weighted.rows:
        raise CurateError(
            f"{options.path} has {weighted.rows:,} rows, and the run in {weighted.run} {rows:,};"
            " weigh it again."
        )
    _, width = work.features.columns(len(work.features.parts) - 1, work.shards[0].name)
    with tempfile.TemporaryFile() as file:
        features = np.memmap(file, np.float16, "w+", shape=(rows, width))
    for shard in work.shards:
        at = shard.first_row
        for block in work.features.blocks(shard.name):
            features[at : at + len(block)] = block
            at += len(block)
        none = (work.features.statuses(shard.name) != Status.OK).to_numpy()
        features[shard.first_row : at][none] = np.nan
    return features
