"""The features that weights were made from, as one array in the order of the rows."""

import numpy as np
from numpy.typing import NDArray

from curate.crawl.feature_array import feature_array
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.weighted.open import open_weighted


def row_features(options: WeightedOptions) -> NDArray[np.float16]:
    """Return features (N, D) of unit length, float16, NaN in rows that have none.

    They are the features before the adapted space. With a sum of encoders, a row has the features
    of all encoders side by side, each of unit length. They are copied block by block to a
    temporary file (TMPDIR), which is mapped into memory and disappears with the array. Rows that
    were sorted or filtered since are found by their keys. Raises CurateError where the run folder
    is gone or belongs to other rows, and where external features are gone.
    """
    with scratch_folder() as frozen:
        weighted = open_weighted(options, Folders(frozen))
        work = weighted.work()
    _, width = work.features.columns(len(work.features.parts) - 1, work.shards[0].name)
    blocks = (work.features_of(rows) for shard in work.file_shards for rows in work.blocks(shard))
    return feature_array(work.rows, width, blocks)
