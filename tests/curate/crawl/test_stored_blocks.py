from pathlib import Path

import numpy as np
import polars as pl

from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.manifest.plan import Shard
from curate.store.folders import Folders


def test_what_an_earlier_pass_gave_lies_beside_its_block(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features, labels = Folders(tmp_path / "features"), Folders(tmp_path / "labels")
    shards, first = [], 0
    for name, rows in (("a", BLOCK_ROWS + 5), ("b", 7)):
        status = np.where(np.arange(rows) == 3, "missing", "ok")
        x = rng.normal(size=(rows, 2)).astype(np.float16)
        features.write(name, {"features": x, "rows": pl.DataFrame({"status": status})})
        labels.write(name, {"labels": rng.integers(0, 3, rows).astype(np.int32)})
        shards.append(Shard(name, 0, first, rows, first))
        first += rows
    each = StoredBlocks(shards, StoredFeatures((features,)), labels, lambda _: None)
    sums = list(each(lambda x, y: float(x.sum())))
    assert len(sums) == 3
    again = list(each(lambda x, y, known: known == float(x.sum()) and y[3:4].tolist(), sums))
    assert again[0] == again[2] == [-1]
    assert False not in again
