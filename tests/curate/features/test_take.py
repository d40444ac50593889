"""Features that the user has: left in their file, or copied where something must be changed."""

import os
from pathlib import Path

import numpy as np
import pytest

from curate.crawl.stored_features import StoredFeatures
from curate.errors import CurateError
from curate.features.take import TAKEN, take_embeddings
from curate.manifest.embeddings import open_embeddings
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.step import KeptShards

SHARDS = (Shard("a", 0, 0, 40, 0), Shard("b", 0, 40, 30, 40))


def halves(rows: int = 70) -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(rows, 12))
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float16)


def taken(folder: Path, *files: np.ndarray) -> StoredFeatures:
    """Take the features that some files hold, into a run folder beside them."""
    (folder / "x").mkdir()
    for number, array in enumerate(files):
        np.save(folder / "x" / f"{number}.npy", array)
    store = Folders(folder / "run" / "features")
    kept = KeptShards(TAKEN, store)
    take_embeddings(None, SHARDS, kept, open_embeddings(folder / "x"))  # type: ignore[arg-type]
    return StoredFeatures((store,))


def copied(features: StoredFeatures, shard: str) -> bool:
    (store,) = features.parts
    return (store.root / shard / "features.npy").exists()


def rows_of(features: StoredFeatures) -> np.ndarray:
    return np.concatenate([block for s in SHARDS for block in features.blocks(s.name)])


def test_halves_of_unit_length_stay_where_they_are(tmp_path: Path) -> None:
    x = halves()
    features = taken(tmp_path, x)
    assert not copied(features, "a") and not copied(features, "b")
    assert np.array_equal(rows_of(features), x)
    assert np.array_equal(features.rows("b", np.array([4, 1])), x[[44, 41]])
    assert features.has_features("a").all() and features.columns(0, "a") == (0, 12)
    assert features.contents("a") != features.contents("b")


def test_rows_of_zeros_stay_too_and_are_missing(tmp_path: Path) -> None:
    x = halves()
    x[[3, 50]] = 0
    features = taken(tmp_path, x)
    assert not copied(features, "a") and not copied(features, "b")
    assert np.flatnonzero(features.statuses("a") == "missing").tolist() == [3]
    assert np.array_equal(rows_of(features), x)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 2.0])
def test_a_shard_in_which_a_row_must_be_changed_is_copied(tmp_path: Path, bad: float) -> None:
    x = halves()
    x[45] *= bad
    features = taken(tmp_path, x)
    assert not copied(features, "a") and copied(features, "b")
    found, others = rows_of(features), np.arange(70) != 45
    assert np.array_equal(found[others], x[others])
    length = np.linalg.norm(found[45].astype(np.float64))
    status = features.statuses("b")[5]
    assert (status, length) == (
        ("ok", pytest.approx(1, abs=1e-3)) if bad == 2 else ("not_finite", 0)
    )


def test_a_shard_that_lies_in_two_files_is_copied(tmp_path: Path) -> None:
    x = halves()
    features = taken(tmp_path, x[:25], x[25:60], x[60:])
    assert copied(features, "a") and copied(features, "b")
    assert np.array_equal(rows_of(features), x)


def test_of_several_files_each_lends_its_rows(tmp_path: Path) -> None:
    x = halves()
    features = taken(tmp_path, x[:40], x[40:])
    assert not copied(features, "a") and not copied(features, "b")
    assert np.array_equal(rows_of(features), x)


def test_wider_floats_are_copied_as_unit_halves(tmp_path: Path) -> None:
    x = halves().astype(np.float32) * 3
    features = taken(tmp_path, x)
    assert copied(features, "a") and copied(features, "b")
    assert np.allclose(np.linalg.norm(rows_of(features).astype(np.float64), axis=1), 1, atol=1e-3)


def test_all_of_it_can_be_moved(tmp_path: Path) -> None:
    x = halves()
    (tmp_path / "here").mkdir()
    taken(tmp_path / "here", x)
    (tmp_path / "here").rename(tmp_path / "there")
    moved = StoredFeatures((Folders(tmp_path / "there" / "run" / "features"),))
    assert np.array_equal(rows_of(moved), x)


def test_a_file_that_is_not_what_it_was_is_refused(tmp_path: Path) -> None:
    features, file = taken(tmp_path, halves()), tmp_path / "x" / "0.npy"
    later = file.stat().st_mtime + 5
    os.utime(file, (later, later))
    with pytest.raises(CurateError, match=r"0\.npy has changed since .* --overwrite again"):
        rows_of(features)
    file.unlink()
    with pytest.raises(CurateError, match=r"0\.npy is gone, or cannot be read, since"):
        features.rows("a", np.array([0]))


def test_a_file_of_the_same_size_and_time_with_other_rows_is_refused(tmp_path: Path) -> None:
    features, file = taken(tmp_path, halves()), tmp_path / "x" / "0.npy"
    then = file.stat()
    x = halves()
    x[:40] = x[:40][::-1]
    np.save(file, x)
    os.utime(file, ns=(then.st_atime_ns, then.st_mtime_ns))
    with pytest.raises(CurateError, match=r"0\.npy has other rows since .* --overwrite again"):
        features.rows("a", np.array([0]))
    assert np.array_equal(features.rows("b", np.array([0])), x[[40]])


def test_the_same_rows_at_another_time_are_the_same_features(tmp_path: Path) -> None:
    (tmp_path / "now").mkdir()
    (tmp_path / "later").mkdir()
    now, later = taken(tmp_path / "now", halves()), taken(tmp_path / "later", halves())
    assert now.contents("a") == later.contents("a") != now.contents("b")
