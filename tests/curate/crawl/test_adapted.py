from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.crawl.adapted import ADAPTED, AdaptedFeatures
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.step import KeptShards
from prototypes.engine.products import HOST
from prototypes.fit.space import AdaptedSpace

ROWS = BLOCK_ROWS + 9


@pytest.fixture
def adapted(tmp_path: Path) -> AdaptedFeatures:
    rng = np.random.default_rng(0)
    features = Folders(tmp_path / "features")
    for name in "ab":
        x = rng.normal(size=(ROWS, 6)).astype(np.float16)
        x[4] = 0
        status = np.where(np.arange(ROWS) == 4, "missing", "ok")
        features.write(name, {"features": x, "rows": pl.DataFrame({"status": status})})
    A = rng.normal(size=(6, 3)).astype(np.float32)
    space = AdaptedSpace(np.zeros(6, np.float32), A, np.zeros(2, np.float32))
    kept = KeptShards(ADAPTED, Folders(tmp_path / "adapted"))
    return AdaptedFeatures(StoredFeatures((features,)), space, kept)


def test_g_is_that_of_the_space_to_the_fifth_digit(adapted: AdaptedFeatures) -> None:
    shards = [Shard(name, 0, 0, ROWS, 0) for name in "ab"]
    adapted.adapt(shards, HOST, 2)
    for name in "ab":
        x = np.concatenate(list(adapted.features.blocks(name)))
        g = np.concatenate([adapted.as_floats(block) for block in adapted.blocks(name)])
        assert g.dtype == np.float32
        assert np.abs(g - adapted.space.transform(x)).max() < 2e-5
        assert not g[4].any()
        assert adapted.has_features(name).sum() == ROWS - 1
