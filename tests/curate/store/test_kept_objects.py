"""Kept work in an object store: receipts come last, and one run works in a folder at a time."""

import json
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.store import folders, lease
from curate.store.cached_files import empty_oldest
from curate.store.folders import Folders
from curate.store.mirror import open_store
from curate.store.run import open_run
from curate.store.urls import as_path
from tests.object_store import BUCKET, ObjectStore, object_store

ARRAY, TABLE = np.arange(12.0).reshape(3, 4), pl.DataFrame({"a": [1, 2]})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with object_store(tmp_path_factory.mktemp("cache")) as store:
        yield store


@pytest.fixture
def root(
    server: ObjectStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Path:
    server.proxy.reset()
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(folders, "SEEN_SECONDS", -1.0)
    open_store.cache_clear()
    return as_path(f"s3://{BUCKET}/{request.node.name}")


def elsewhere(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the same place on another computer, whose cache is empty."""
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "elsewhere"))
    return as_path(f"s3://{BUCKET}/{root.name}")


def write(store: Folders, name: str = "work", first: int = 0) -> None:
    store.write(name, {"array": ARRAY + first, "table": TABLE, "numbers": {"n": 1}}, rows=3)


def test_what_one_computer_keeps_another_finds(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(Folders(root))
    other = Folders(elsewhere(tmp_path, root, monkeypatch))
    assert "work" in other and "none" not in other
    assert other.receipt("work")["rows"] == 3
    assert np.array_equal(other.array("work", "array"), ARRAY)
    assert other.table("work", "table").equals(TABLE)
    assert other.settings("work", "numbers") == {"n": 1}
    other.require_file("work", "array.npy")
    with pytest.raises(FileNotFoundError):
        other.require_file("work", "none.npy")


def test_the_receipt_is_written_last_and_only_where_there_is_none(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(Folders(root))
    puts = [path for method, path in server.proxy.requests if method == "PUT"]
    assert puts[-1].endswith("/work/receipt.json") and len(puts) == 4
    second = Folders(elsewhere(tmp_path, root, monkeypatch))
    write(second, first=100)  # It did not know of the other's work, and made its own.
    assert np.array_equal(second.array("work", "array"), ARRAY)
    assert "work" in second and np.array_equal(second.array("work", "array"), ARRAY)


def test_who_knows_of_finished_work_may_replace_it(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Folders(root)
    write(first)
    second = Folders(elsewhere(tmp_path, root, monkeypatch))
    assert "work" in second
    write(second, first=100)
    assert np.array_equal(second.array("work", "array"), ARRAY + 100)
    monkeypatch.setenv("CURATE_CACHE_DIR", str(tmp_path / "cache"))
    again = Folders(root)
    assert "work" in again and np.array_equal(again.array("work", "array"), ARRAY + 100)


def test_content_without_a_receipt_is_not_read(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process leaves it that dies before it writes the receipt."""
    server.proxy.fault = lambda method, path: (
        "403" if "receipt.json" in path and method == "PUT" else None
    )
    store = Folders(root)
    with pytest.raises(CurateError, match="cannot be written"):
        write(store)
    server.proxy.reset()
    assert server.keys(f"{root.name}/work/") and "work" not in store
    assert not list(root.rglob(".unfinished-*")) and not (root / "work").exists()
    assert "work" not in Folders(elsewhere(tmp_path, root, monkeypatch))


def test_a_receipt_that_is_cut_in_half_is_refused(server: ObjectStore, root: Path) -> None:
    write(Folders(root))
    key = f"{root.name}/work/receipt.json"
    server.put(key, server.get(key)[:100])
    shutil.rmtree(root)
    store = Folders(root)
    assert "work" in store
    with pytest.raises(CurateError, match=r"receipt.json is damaged.* delete the folder"):
        store.array("work", "array")


def test_content_that_was_exchanged_is_refused(server: ObjectStore, root: Path) -> None:
    write(Folders(root))
    (key,) = (key for key in server.keys(root.name) if "array.npy" in key)
    server.put(key, server.get(key)[:-1] + b"?")
    shutil.rmtree(root)
    with pytest.raises(CurateError, match="is not what was written there"):
        Folders(root).array("work", "array")


def test_work_that_was_deleted_in_the_store_is_gone_here(server: ObjectStore, root: Path) -> None:
    store = Folders(root)
    write(store)
    server.client.delete_object(Bucket=BUCKET, Key=f"{root.name}/work/receipt.json")
    assert "work" not in store


def test_a_mapped_array_outlives_a_full_cache(
    server: ObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Folders(root)
    write(store)
    mapped = store.array("work", "array")
    for file in (root / "work").iterdir():
        os.utime(file, ns=(0, file.stat().st_mtime_ns))
    empty_oldest(0)
    assert (root / "work/array.npy").stat().st_blocks == 0
    assert np.array_equal(mapped, ARRAY)
    assert np.array_equal(store.array("work", "array"), ARRAY)


def test_all_work_of_a_step_can_be_removed(server: ObjectStore, root: Path) -> None:
    store = Folders(root, checked=False)
    for name in ("one", "two"):
        write(store, name)
    assert np.array_equal(store.array("one", "array"), ARRAY)
    store.remove_others("one")
    assert {key.split("/")[1] for key in server.keys(root.name)} == {"one"}
    store.remove_all()
    assert server.keys(root.name) == [] and "one" not in store


def test_of_two_runs_in_a_folder_the_second_is_told(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(root):
        there = elsewhere(tmp_path, root, monkeypatch)
        with (
            pytest.raises(
                CurateError, match=f"another curate is running in .*{socket.gethostname()}"
            ),
            open_run(there),
        ):
            pass
    with open_run(there):
        pass
    assert server.keys(root.name) == [f"{root.name}/curate.txt"]


@pytest.mark.parametrize("host", [socket.gethostname(), "far"])
def test_the_folder_of_a_run_that_was_killed_is_free(
    server: ObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    owner = {"host": host, "pid": 2**30, "started": "1"}
    with open_run(root):
        pass
    server.put(f"{root.name}/lock.json", json.dumps(owner).encode())
    if host == "far":
        with pytest.raises(CurateError, match=r"on far; .*free 120 seconds after"), open_run(root):
            pass
        monkeypatch.setattr(lease, "LEASE", -1.0)
    with open_run(root) as run:
        run.step("any")


def test_a_run_whose_folder_was_taken_over_stops(
    server: ObjectStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEWED", 0.01)
    with open_run(root) as run:
        run.step("any")
        server.put(f"{root.name}/lock.json", b"{}")
        with pytest.raises(CurateError, match="another curate works in"):
            for _ in range(1_000):
                run.step("any")
                Event().wait(0.01)
    assert server.get(f"{root.name}/lock.json") == b"{}"


def test_a_folder_with_other_files_is_no_run_folder(server: ObjectStore, root: Path) -> None:
    server.put(f"{root.name}/thesis.txt", b"mine")
    with pytest.raises(CurateError, match="has files in it that are not curate's"), open_run(root):
        pass


def test_the_record_of_a_run_is_found_elsewhere(
    server: ObjectStore, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(root) as run:
        run.record({"manifest": root / "crawl.parquet"})
    assert b"hidden-word" not in server.get(f"{root.name}/run.json")
    with open_run(elsewhere(tmp_path, root, monkeypatch)) as run:
        recorded = run.recorded()
    assert recorded["options"]["manifest"] == f"s3://{BUCKET}/{root.name}/crawl.parquet"
