"""Reports and exports that are killed: the old output is there, or the new one, whole."""

import hashlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from typer.testing import CliRunner

from cli import app

ROOT = Path(__file__).parent.parent
KILLED = """
import os, signal, sys
from curate.store import atomic

fatal, calls, sync = int(sys.argv.pop(1)), [], atomic._sync
def dying(path):
    calls.append(path)
    if len(calls) == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(path)
atomic._sync = dying
import cli
cli.main()
"""
OUTPUTS = {
    "report": ("report", "w.parquet", "--out", "page.html"),
    "csv": ("export", "w.parquet", "--to", "csv", "--out", "rows.csv"),
    "tars": ("export", "w.parquet", "--to", "webdataset", "--out", "shards"),
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
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "png")
        images.append(file.getvalue())
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
        if file.is_file()
    }


@pytest.mark.parametrize("words", OUTPUTS.values(), ids=OUTPUTS)
def test_killed_at_any_step_the_old_output_or_the_new_one_is_whole(
    folder: Path, words: tuple[str, ...]
) -> None:
    out, inputs = folder / words[-1], content(folder)
    run(*words)
    old, fatal = content(out), 0
    while True:
        fatal += 1
        line = [sys.executable, "-c", KILLED, str(fatal), *words, "--overwrite"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir(exist_ok=True)
        done = subprocess.run(line, capture_output=True, text=True, env=env)
        assert content(out) == old
        if done.returncode != -signal.SIGKILL:
            break
    assert done.returncode == 0, done.stderr
    assert fatal >= 3
    assert list(folder.glob(".unfinished-*")) == []
    # Python's own multiprocessing leaves its sockets' folder, which is empty.
    assert [file for file in (folder / "tmp").iterdir() if not file.name.startswith("pymp-")] == []
    assert inputs.items() <= content(folder).items()
