"""The features that weights were made from, as one array in the order of the rows."""

import tempfile

import numpy as np
from numpy.typing import NDArray

from curate.options.weighted import WeightedOptions
from curate.store.arrays import allocate
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.weighted.open import open_weighted


def row_features(options: WeightedOptions) -> NDArray[np.float16]:
    """Return features (N, D) of unit length, float16, NaN in rows that have none.

    They are those of the run: before the adapted space, and of a sum of encoders those of
    each side by side, each of unit length. They are copied block by block to a temporary file
    (TMPDIR), which is mapped into memory and goes with the array. Rows that were sorted or
    filtered since are found by their keys. Raises CurateError where the run's folder is gone, or
    is not that of these rows, or where features that stayed in the user's file are there no
    longer.
    """
    with scratch_folder() as frozen:
        weighted = open_weighted(options, Folders(frozen))
        work = weighted.work()
    _, width = work.features.columns(len(work.features.parts) - 1, work.shards[0].name)
    with tempfile.TemporaryFile() as file:
        features = np.memmap(file, np.float16, "w+", shape=(work.rows, width))
        allocate(file)
    for shard in work.file_shards:
        for rows in work.blocks(shard):
            block, has_features = work.features_of(rows)
            block[~has_features] = np.nan
            features[rows[0] : rows[-1] + 1] = block
    return features
