from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import StoredFeatures
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.training.targets import given_targets, refreshed_targets, share_right


def stored(folder: Path, classes: int, rows: int = 300) -> tuple[StoredBlocks, np.ndarray]:
    """Separate classes; every tenth label is wrong, the last row has none."""
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % classes
    labels = np.where(np.arange(rows) % 10 == 0, (truth + 1) % classes, truth).astype(np.int32)
    labels[-1] = -1
    x = 4 * np.eye(classes, 12)[truth] + rng.normal(size=(rows, 12))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)
    features, positions = Folders(folder / "features"), Folders(folder / "labels")
    statuses = pl.DataFrame({"status": ["ok"] * rows})
    features.write("s", {"features": x, "rows": statuses})
    positions.write("s", {"labels": labels})
    shards = [Shard("s", 0, 0, rows, 0)]
    return StoredBlocks(shards, StoredFeatures((features,)), positions, lambda _: None), truth


def test_wrong_labels_give_their_share_to_the_class_that_fits(tmp_path: Path) -> None:
    for classes in (2, 3, 6):
        blocks, truth = stored(tmp_path / str(classes), classes)
        targets = refreshed_targets(blocks, classes)
        smoothed = np.zeros((len(truth), classes))
        for row in range(len(truth)):
            np.add.at(smoothed[row], targets.classes[row], targets.shares[row])
        np.testing.assert_allclose(smoothed.sum(axis=1), 1, atol=1e-5)
        assert (targets.shares >= 0).all()
        assert targets.weights.tolist() == [1.0] * (len(truth) - 1) + [0.0]
        labels = blocks.labels.array("s", "labels")[:-1]
        wrong = labels != truth[:-1]
        kept = smoothed[np.arange(len(labels)), labels]
        assert kept[wrong].mean() < 0.7 * kept[~wrong].mean()
        assert kept[~wrong].mean() > 0.9


@given(st.floats(0, 1), st.floats(0.02, 0.6), st.integers(1, 3))
def test_the_share_of_a_label_grows_with_its_quality(
    quality: float, noise: float, others: int
) -> None:
    low, middle, high = share_right(np.array([0.0, quality, 1.0], np.float32), noise, others)
    assert low == 0
    assert high == 1
    assert 0 <= middle <= 1
    if noise <= 0.5:
        assert middle >= np.float32(quality) - 1e-6


def test_at_first_every_label_is_trusted() -> None:
    targets = given_targets(np.array([2, -1, 0], np.int32))
    assert targets.classes.tolist() == [[2], [-1], [0]]
    assert targets.shares.tolist() == [[1], [1], [1]]
