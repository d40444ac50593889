"""`curate weight` is killed while it finds copies, and continued: the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .crawls import curate
from .test_duplicates import crawl

KILLED = """
import os, signal, sys
from cli import app
from curate.duplicates import copies, stars

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

{deadly}
app(sys.argv[1:])
"""
IN_THE_MIDDLE = """
join, joined = stars._Stars.join, []
def join_or_die(*pairs):
    joined.append(pairs)
    die() if len(joined) == 4 else join(*pairs)
stars._Stars.join = join_or_die
"""
WHEN_FOUND = "copies.Made = die"


@pytest.mark.parametrize("deadly", [IN_THE_MIDDLE, WHEN_FOUND])
def test_a_run_that_was_killed_while_it_finds_copies_writes_the_same_bytes(
    tmp_path: Path, deadly: str
) -> None:
    path, run, out = crawl(tmp_path), tmp_path / "run", tmp_path / "out.parquet"
    options = ["--encoder", "embedded", "--graph", "none", "--workers", "2"]
    weight = ["weight", str(path), *options, "--run-dir", str(run), "--out", str(out)]
    killed = [sys.executable, "-c", KILLED.format(deadly=deadly), *weight]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    assert subprocess.run(killed, env=environment).returncode == -signal.SIGKILL
    assert any((run / "features").iterdir())
    assert not any((run / "duplicates").glob("*/receipt.json"))
    assert not out.exists()
    assert curate(*weight).exit_code == 0
    continued = out.read_bytes(), representatives(run)
    shutil.rmtree(run)
    out.unlink()
    assert curate(*weight).exit_code == 0
    assert (out.read_bytes(), representatives(run)) == continued


def representatives(run: Path) -> list[bytes]:
    return [file.read_bytes() for file in (run / "duplicates").glob("*/representative.npy")]
