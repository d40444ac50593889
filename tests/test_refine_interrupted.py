"""`curate refine` that dies anywhere ends, started again, with what one that did not die writes."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from prototypes.fit.rounds import FOLDS

ROWS, NAMES = 160, ("ant", "bee", "cat")
KilledAtWrite = Callable[[int, bool], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder: a weighted crawl, verified rows, and r.parquet, never interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    x = np.eye(3, 6)[true] * 2 + rng.normal(size=(ROWS, 6))
    labels = [NAMES[c] for c in true]
    table = pl.DataFrame({"key": range(ROWS), "label": labels, "embedding": x.astype(np.float32)},
                         schema_overrides={"embedding": pl.List(pl.Float32)})  # fmt: skip
    table.write_parquet(folder / "crawl.parquet")
    table.head(60).select("key", "label").write_parquet(folder / "v.parquet")
    weight = ["weight", str(folder / "crawl.parquet"), "--graph", "none"]
    weight += ["--out", str(folder / "w.parquet"), "--run-dir", str(folder / "run")]
    assert CliRunner().invoke(app, weight).exit_code == 0
    shutil.copytree(folder / "run", folder / "weighed")
    assert CliRunner().invoke(app, command(folder, folder)).exit_code == 0
    return folder


def command(whole: Path, folder: Path, *options: str) -> list[str]:
    """Refine into a folder, with its own copy of the run that weighed the crawl."""
    paths = ("--verified", str(whole / "v.parquet"), "--run-dir", str(folder / "run"))
    out = ("--out", str(folder / "r.parquet"), "--head", "xiao", "--epochs", "1")
    return ["refine", str(whole / "w.parquet"), *paths, *out, *options]


def begun(whole: Path, folder: Path) -> Path:
    folder.mkdir()
    shutil.copytree(whole / "weighed", folder / "run")
    return folder


def is_whole(whole: Path, folder: Path) -> bool:
    refined = (pl.read_parquet(place / "r.parquet") for place in (whole, folder))
    leftovers = list(folder.rglob(".unfinished-*"))
    return next(refined).equals(next(refined)) and not leftovers


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fatal", [0, 3, FOLDS])
def test_dying_before_or_after_a_write_changes_nothing(
    whole: Path, tmp_path: Path, killed_at_write: KilledAtWrite, fatal: int, after: bool
) -> None:
    folder = begun(whole, tmp_path / "folder")
    with killed_at_write(fatal, after):
        CliRunner().invoke(app, command(whole, folder, "--debug"))
    assert not (folder / "r.parquet").exists()
    result = CliRunner().invoke(app, command(whole, folder))
    assert result.exit_code == 0, result.output
    assert is_whole(whole, folder)


def test_kill_9_while_heads_are_trained_loses_only_the_one_in_training(
    whole: Path, tmp_path: Path
) -> None:
    folder = begun(whole, tmp_path / "folder")
    line = [sys.executable, "-c", "import cli; cli.main()", *command(whole, folder)]
    finished: list[int] = []
    for wanted in (1, 3):
        process = subprocess.Popen(
            line, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and members(folder) < wanted:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        finished.append(members(folder))
    assert finished == sorted(finished)
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert is_whole(whole, folder)


def members(folder: Path) -> int:
    return len(list(folder.glob("run/heads/*/*/receipt.json")))


def test_a_full_disk_while_a_head_is_kept_is_said_and_the_others_are_kept(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, write, count = begun(whole, tmp_path / "folder"), Path.write_bytes, 0

    def full(self: Path, data: bytes) -> int:
        nonlocal count
        count += 1
        if count == 3:
            write(self, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        result = CliRunner().invoke(app, command(whole, folder))
    assert result.exit_code == 2, result.output
    assert "member-2 cannot be written: the disk is full" in result.stderr
    assert "report" not in result.stderr
    assert not (folder / "r.parquet").exists()
    assert members(folder) == 2
    assert CliRunner().invoke(app, command(whole, folder)).exit_code == 0
    assert is_whole(whole, folder)


def test_a_full_disk_while_the_output_is_written_leaves_the_old_one(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(whole, tmp_path / "folder")
    (folder / "r.parquet").write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("curate.weighted.write.RowGroups", full)
        result = CliRunner().invoke(app, command(whole, folder, "--overwrite"))
    assert result.exit_code == 2, result.output
    assert "cannot be written: the disk is full" in result.stderr
    assert (folder / "r.parquet").read_text() == "old"
