"""Reports and exports that are killed: the old output is there, or the new one, whole."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from tests.crawls import png

ROOT = Path(__file__).parent.parent
KILLED = """
import os, signal, sys
from pathlib import Path
from curate.store import atomic

when, sync = sys.argv.pop(1), atomic._sync
def dying(path):
    # First what was written is synced, under its temporary name; last the folder that it is in.
    if when == "before" or (when == "after" and path == Path()):
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)
atomic._sync = dying
import cli
cli.main()
"""
OUTPUTS = {
    "report": ("report", "w.parquet", "--out", "page.html"),
    "csv": ("export", "w.parquet", "--to", "csv", "--out", "rows.csv"),
    "folder": ("export", "w.parquet", "--to", "fiftyone", "--out", "pics"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a weighted crawl of 40 pictures."""
    rng = np.random.default_rng(0)
    label = np.arange(40) % 2
    images = []
    for one in label:
        pixels = rng.integers(0, 60, (16, 16, 3)) + 40
        pixels[..., one] += 120
        images.append(png(pixels))
    np.save(tmp_path / "x.npy", rng.normal(size=(40, 8)) + 3 * np.eye(8)[label])
    names = [f"{row:02}" for row in range(40)]
    table = pl.DataFrame({"id": names, "image": images, "label": np.where(label, "ant", "bee")})
    table.write_parquet(tmp_path / "crawl.parquet")
    monkeypatch.chdir(tmp_path)
    run("weight", "crawl.parquet", "--embeddings", "x.npy", "--graph", "none", "--out", "w.parquet")
    return tmp_path


def run(*words: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output


def content(path: Path) -> dict[str, str]:
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return {
        str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
        if file.is_file() and file.name != "curate-export.json"  # it says --overwrite
    }


@pytest.fixture
def scratch() -> Iterator[Path]:
    """Give a folder of a short name: those of sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="k") as folder:
        yield Path(folder)


@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_killed_before_or_after_it_appears_an_output_is_whole(
    folder: Path, scratch: Path, words: tuple[str, ...]
) -> None:
    out, inputs = folder / words[-1], content(folder)
    run(*words)
    old = content(out)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    for when, code in (("before", -signal.SIGKILL), ("after", -signal.SIGKILL), ("never", 0)):
        line = [sys.executable, "-c", KILLED, when, *words, "--overwrite"]
        done = subprocess.run(line, capture_output=True, text=True, env=env)
        assert done.returncode == code, done.stderr
        assert content(out) == old
    assert list(folder.glob(".unfinished-*")) == []
    # Python's own multiprocessing leaves its sockets' folder, which is empty.
    assert [file for file in scratch.iterdir() if not file.name.startswith("pymp-")] == []
    assert inputs.items() <= content(folder).items()
