from pathlib import Path

import numpy as np
import polars as pl

from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.store.folders import Folders


def store(folder: Path, features: np.ndarray, statuses: list[str]) -> Folders:
    folders = Folders(folder)
    folders.write("s", {"features": features, "rows": pl.DataFrame({"status": statuses})})
    return folders


def test_a_row_has_features_only_where_all_encoders_have(tmp_path: Path) -> None:
    n = BLOCK_ROWS + 904
    rng = np.random.default_rng(0)
    a, b = rng.random((n, 2)).astype(np.float16), rng.random((n, 3)).astype(np.float16)
    ok = ["ok"] * (n - 3)
    parts = (
        store(tmp_path / "a", a, ["missing", "empty", "ok", *ok]),
        store(tmp_path / "b", b, ["crashed", "ok", "timeout", *ok]),
    )
    features = StoredFeatures(parts)
    assert features.statuses("s").to_list() == ["missing", "empty", "timeout", *ok]
    blocks = list(features.blocks("s"))
    assert [len(block) for block in blocks] == [BLOCK_ROWS, 904]
    joined = np.concatenate(blocks)
    assert not joined[:3].any()
    np.testing.assert_array_equal(joined[3:], np.hstack([a, b])[3:])
