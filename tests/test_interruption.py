"""A run that dies anywhere and is started again ends with the bytes of one that did not."""

import os
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
from tests.crawls import png

KilledAtWrite = Callable[[int, bool], AbstractContextManager[None]]
PARTS = 6
"""Each file of a manifest is a shard of its own."""


def manifest(folder: Path, pictures: bool) -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir()
    for part in range(PARTS):
        rows = 40
        label = rng.integers(0, 3, rows)
        table = pl.DataFrame({"key": [f"{part}-{row}" for row in range(rows)], "label": label})
        if pictures:
            table = table.with_columns(image=pl.Series([picture(n, rng) for n in label]))
        else:
            features = rng.normal(size=(rows, 8)) + 2 * np.eye(8)[label]
            table = table.with_columns(embedding=features.astype(np.float32))
        table.write_parquet(folder / f"{part}.parquet")
    return folder


def picture(label: int, rng: np.random.Generator) -> bytes:
    pixels = np.full((16, 16, 3), 40) + rng.integers(0, 60, (16, 16, 3))
    pixels[..., label] += 120
    return png(pixels)


def command(crawl: Path, out: Path, *options: str) -> list[str]:
    return ["weight", str(crawl), "--out", str(out), "--graph", "none", *options]


def test_dying_before_or_after_any_write_changes_nothing(
    tmp_path: Path, killed_at_write: KilledAtWrite
) -> None:
    crawl = manifest(tmp_path / "crawl", pictures=False)
    whole, run = tmp_path / "whole" / "w.parquet", tmp_path / "whole" / "run"
    result = CliRunner().invoke(app, command(crawl, whole, "--run-dir", str(run)))
    assert result.exit_code == 0, result.output
    writes = len(list(run.rglob("receipt.json")))
    assert writes >= 3 * PARTS

    for fatal in range(writes):
        for after in (False, True):
            folder = tmp_path / f"{fatal}-{after}"
            out, run = folder / "w.parquet", folder / "run"
            with killed_at_write(fatal, after):
                CliRunner().invoke(app, command(crawl, out, "--run-dir", str(run), "--debug"))
            assert not out.exists()
            result = CliRunner().invoke(app, command(crawl, out, "--run-dir", str(run)))
            assert result.exit_code == 0, result.output
            assert out.read_bytes() == whole.read_bytes()


def test_kill_9_while_encoding_loses_only_the_shards_in_flight(tmp_path: Path) -> None:
    crawl = manifest(tmp_path / "crawl", pictures=True)
    options = ("--encoder", "embedded", "--workers", "2")
    whole, run = tmp_path / "whole" / "w.parquet", tmp_path / "whole" / "run"
    CliRunner().invoke(app, command(crawl, whole, *options, "--run-dir", str(run)))

    out, run = tmp_path / "killed" / "w.parquet", tmp_path / "killed" / "run"
    line = [sys.executable, "-c", "import cli; cli.main()"]
    line += command(crawl, out, *options, "--run-dir", str(run))
    finished: list[int] = []
    for wanted in (1, 3, 5, PARTS + 4):
        process = subprocess.Popen(
            line, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and len(receipts(run)) < wanted:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        finished.append(len(receipts(run)))
    assert finished == sorted(finished)
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == whole.read_bytes()
    leftovers = list(tmp_path.rglob(".unfinished-*"))
    assert leftovers == []


def receipts(run: Path) -> list[Path]:
    found = (Path(at) / "receipt.json" for at, _, files in os.walk(run) if "receipt.json" in files)
    return [receipt for receipt in found if ".unfinished-" not in str(receipt)]


def test_an_output_that_cannot_be_finished_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl = manifest(tmp_path / "crawl", pictures=False)
    out = tmp_path / "w.parquet"
    CliRunner().invoke(app, command(crawl, out))
    before = out.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("curate.weighted.write.RowGroups", full)
    result = CliRunner().invoke(app, command(crawl, out, "--alpha", "0.9", "--overwrite"))
    assert result.exit_code == 2
    assert "cannot be written: the disk is full" in result.stderr
    assert out.read_bytes() == before
    assert [f.name for f in tmp_path.iterdir() if f.name.startswith(".unfinished")] == []
