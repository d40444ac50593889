import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.crawl.picture_states import kept_states
from curate.errors import CurateError
from curate.images.chunks import Decoded
from curate.images.picture_hash import no_hashes
from curate.images.status import Status
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.plan import Shard
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders
from curate.store.step import KeptShards, Step
from curate.training.pictures import StoredPictures, decode_pictures

ROWS = 30
SHARDS = [Shard("a", 0, 0, 11, 0), Shard("b", 0, 11, 1, 11), Shard("c", 0, 12, 18, 12)]


class FakePool:
    """Decodes a number n into a picture of n's; multiples of ``broken`` fail."""

    def __init__(self, broken: int) -> None:
        self.broken = broken

    def decode(self, sources: Iterable[Any]) -> Iterator[Decoded]:
        rows = [int(source) for source in sources]
        for part in (rows[at : at + 4] for at in range(0, len(rows), 4)):
            statuses = [Status.TRUNCATED if n % self.broken == 0 else Status.OK for n in part]
            good = [np.full((2, 2, 3), n, np.uint8) for n in part if n % self.broken]
            hashes = no_hashes(len(good))
            hashes["content"][:, 0] = [n for n in part if n % self.broken]
            yield Decoded(statuses, np.array(good, np.uint8).reshape(-1, 2, 2, 3), hashes)


def store_pictures(
    manifest: Manifest,
    wanted: list[tuple[Shard, Any]],
    store: Folders,
    pool: Any,
    files: dict[str, Any],
    count: Callable[[int], None] = lambda _: None,
) -> None:
    KeptShards(Step("pictures", code=()), store).replace(
        lambda _: decode_pictures(manifest, wanted, store, 2, pool, files, count)
    )


def test_every_row_gets_its_picture_and_failed_ones_can_be_tried_again(tmp_path: Path) -> None:
    images = [str(n).encode() for n in range(ROWS)]
    pl.DataFrame({"image": images, "label": ["x"] * ROWS}).write_parquet(tmp_path / "c.parquet")
    manifest = open_manifest(tmp_path / "c.parquet", ColumnOptions(), None, Folders(tmp_path / "r"))
    store, counted = Folders(tmp_path / "pictures"), []
    everything = [(shard, np.ones(shard.rows, bool)) for shard in SHARDS]
    store_pictures(manifest, everything, store, FakePool(5), {}, counted.append)
    assert sum(counted) == ROWS
    failed = [
        (shard, np.arange(shard.first_row, shard.first_row + shard.rows) % 5 == 0)
        for shard in (SHARDS[0], SHARDS[2])
    ]
    store_pictures(manifest, failed, store, FakePool(10), {}, counted.append)

    pictures = StoredPictures(SHARDS, store)
    ok = np.arange(ROWS) % 10 != 0
    expected = np.where(ok, np.arange(ROWS), 0)
    rows = np.array([1, 2, 10, 11, 12, 15, 29])
    assert pictures.take(rows)[:, 1, 1, 2].tolist() == expected[rows].tolist()
    blocks = [block for shard in SHARDS for block in pictures.blocks(shard)]
    np.testing.assert_array_equal(np.concatenate(blocks)[:, 0, 0, 0], expected)
    hashes = np.concatenate([pictures.hashes(shard) for shard in SHARDS])
    np.testing.assert_array_equal(hashes["content"][:, 0], expected)
    statuses = np.concatenate([pictures.statuses(shard) for shard in SHARDS])
    assert ((statuses == Status.OK) == ok).all()
    labels = Folders(tmp_path / "labels")
    for shard in SHARDS:
        labels.write(shard.name, {"labels": np.full(shard.rows, 3, np.int32)})
    assert pictures.labels(labels).tolist() == np.where(ok, 3, -1).tolist()


def test_a_picture_is_trained_on_once_for_each_of_its_labels(tmp_path: Path) -> None:
    rng, store, labels = np.random.default_rng(0), Folders(tmp_path / "p"), Folders(tmp_path / "l")
    hashes = no_hashes(ROWS)
    hashes["content"] = rng.integers(2**63, size=hashes["content"].shape)
    hashes["looks"] = rng.integers(2**63, size=hashes["looks"].shape)
    hashes["telling"], hashes["tone"] = 64, rng.integers(255, size=hashes["tone"].shape)
    hashes[[7, 20]] = hashes[2]
    hashes["content"][20] = 1
    given = np.arange(ROWS, dtype=np.int32) % 4
    given[[2, 7, 20, 21]] = 1, 2, 1, -1
    for shard in SHARDS:
        here = slice(shard.first_row, shard.first_row + shard.rows)
        rows = pl.DataFrame({"status": [str(Status.OK)] * shard.rows})
        contents = {"pictures": np.zeros((shard.rows, 2, 2, 3), np.uint8), "hashes": hashes[here]}
        store.write(shard.name, {**contents, "rows": rows})
        labels.write(shard.name, {"labels": given[here]})
    votes = StoredPictures(SHARDS, store).votes(labels)
    assert votes.tolist() == np.where(np.arange(ROWS) == 20, -1, given).tolist()


def test_the_files_that_pictures_came_from_are_kept_with_them(tmp_path: Path) -> None:
    images = [str(n).encode() for n in range(3)]
    pl.DataFrame({"image": images, "label": ["x"] * 3}).write_parquet(tmp_path / "c.parquet")
    manifest = open_manifest(tmp_path / "c.parquet", ColumnOptions(), None, Folders(tmp_path / "r"))
    store, shard = Folders(tmp_path / "pictures"), Shard("a", 0, 0, 3, 0)

    def store_with(mask: list[bool], files: list[int]) -> list[int]:
        states = {"a": np.array(files, np.uint64)}
        wanted = [(shard, np.array(mask))]
        store_pictures(manifest, wanted, store, FakePool(5), states)
        return kept_states(store, shard).tolist()

    assert store_with([True] * 3, [7, 8, 9]) == [7, 8, 9]
    assert store_with([False, True, False], [1, 2, 3]) == [7, 2, 9]


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    images = [str(n).encode() for n in range(ROWS)]
    pl.DataFrame({"image": images, "label": ["x"] * ROWS}).write_parquet(tmp_path / "c.parquet")
    manifest = open_manifest(tmp_path / "c.parquet", ColumnOptions(), None, Folders(tmp_path / "r"))
    store = Folders(tmp_path / "pictures")
    everything = [(shard, np.ones(shard.rows, bool)) for shard in SHARDS]
    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CurateError, match="the disk is full"):
        store_pictures(manifest, everything, store, FakePool(5), {})
    assert SHARDS[0].name not in store
