import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from curate.crawl.picture_states import (
    changed_rows,
    file_column,
    kept_states,
    picture_states,
    renewed_states,
)
from curate.features.from_pictures import rows_again
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.plan import Shard
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders

SHARDS = (Shard("a", 0, 0, 3, 0), Shard("b", 0, 3, 2, 3))


@pytest.fixture
def crawl(tmp_path: Path) -> Manifest:
    """A table of five paths: a file each, but the last two: no path, and one that cannot be."""
    for row in range(3):
        (tmp_path / f"{row}.png").write_bytes(b"bytes")
    images = ["0.png", "1.png", str(tmp_path / "2.png"), None, "nul\0.png"]
    pl.DataFrame({"image": images, "label": ["x"] * 5}).write_parquet(tmp_path / "c.parquet")
    return open_manifest(tmp_path / "c.parquet", ColumnOptions(), None, Folders(tmp_path / "r"))


def keep(store: Folders, states: dict[str, np.ndarray], failed: int = -1) -> None:
    for shard in SHARDS:
        status = ["truncated" if shard.first_row + n == failed else "ok" for n in range(shard.rows)]
        rows = pl.DataFrame({"status": status}).with_columns(file_column(states[shard.name]))
        store.write(shard.name, {"rows": rows})


def test_size_and_time_tell_one_file_from_another(crawl: Manifest, tmp_path: Path) -> None:
    before = picture_states(crawl, SHARDS)
    assert picture_states(crawl, SHARDS)["a"].tolist() == before["a"].tolist()
    assert (before["a"] > 0).all() and before["b"].tolist() == [0, 0]
    then = (tmp_path / "0.png").stat().st_mtime_ns
    (tmp_path / "0.png").write_bytes(b"longer bytes")
    os.utime(tmp_path / "0.png", ns=(then, then))
    os.utime(tmp_path / "1.png", ns=(then, then + 1))
    after = picture_states(crawl, SHARDS)
    assert (after["a"] != before["a"]).tolist() == [True, True, False]


def test_what_changed_is_listed_and_what_is_gone_is_not(
    crawl: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, console = Folders(tmp_path / "kept"), Console(width=200)
    before = picture_states(crawl, SHARDS)
    keep(store, before)
    assert changed_rows(SHARDS, store, before, console) == []
    (tmp_path / "0.png").unlink()
    (tmp_path / "2.png").write_bytes(b"another")
    ((shard, mask),) = changed_rows(SHARDS, store, picture_states(crawl, SHARDS), console)
    assert (shard, mask.tolist()) == (SHARDS[0], [False, False, True])
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Changed: 1 of 5 pictures are other files than were read")
    assert said[1].startswith("Gone: 1 of 5 pictures are no longer there")

    after = renewed_states(store, shard, mask, picture_states(crawl, SHARDS))
    assert after is not None and (after == before["a"]).tolist() == [True, True, False]


def test_failed_rows_are_read_again_beside_those_that_changed(
    crawl: Manifest, tmp_path: Path
) -> None:
    store, console = Folders(tmp_path / "kept"), Console(quiet=True)
    keep(store, picture_states(crawl, SHARDS), failed=4)
    (tmp_path / "1.png").write_bytes(b"another")
    now = picture_states(crawl, SHARDS)
    again = rows_again(SHARDS, store, now, True, console)
    assert [mask.tolist() for _, mask in again] == [[False, True, False], [False, True]]
    assert [shard for shard, _ in rows_again(SHARDS, store, now, False, console)] == [SHARDS[0]]


def test_pictures_that_are_no_files_of_their_own_have_no_states(tmp_path: Path) -> None:
    table = pl.DataFrame({"image": [b"bytes"] * 5, "label": ["x"] * 5})
    table.write_parquet(tmp_path / "c.parquet")
    crawl = open_manifest(tmp_path / "c.parquet", ColumnOptions(), None, Folders(tmp_path / "r"))
    assert picture_states(crawl, SHARDS) == {}
    assert file_column(None) == []
    store = Folders(tmp_path / "kept")
    store.write("a", {"rows": pl.DataFrame({"status": ["ok"] * 3})})
    assert changed_rows(SHARDS, store, {}, Console(quiet=True)) == []


def test_the_states_that_were_kept_are_read_back(crawl: Manifest, tmp_path: Path) -> None:
    store, states = Folders(tmp_path / "kept"), picture_states(crawl, SHARDS)
    keep(store, states)
    assert kept_states(store, SHARDS[0]).tolist() == states["a"].tolist()
