"""A disk that is full: a sentence, no output, the old one kept, and the same command goes on."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

ROOT = Path(__file__).parent.parent
FULL_DEVICE = """
from curate.store import atomic
name = atomic._unfinished
def on_a_full_device(path):
    unfinished = name(path)
    if path.name == {name!r}:
        unfinished.symlink_to("/dev/full")  # the kernel answers every write with ENOSPC
    return unfinished
atomic._unfinished = on_a_full_device
import cli
cli.main()
"""
SMALL_FILES = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
import cli
cli.main()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A crawl of 3,000 rows in two shards, with its features."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 3_000)
    np.save(tmp_path / "x.npy", rng.normal(size=(3_000, 8)) + 3 * np.eye(8)[label])
    table = pl.DataFrame({"id": [f"{row:06}" for row in range(3_000)], "label": label})
    table.write_parquet(tmp_path / "crawl.parquet")
    table.write_csv(tmp_path / "crawl.csv")
    return tmp_path


def curate(folder: Path, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", code, *words]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, env=env)


def weigh(folder: Path, code: str, crawl: str, out: str) -> subprocess.CompletedProcess[str]:
    words = ("weight", crawl, "--embeddings", "x.npy", "--graph", "none", "--out", out)
    return curate(folder, code, *words, "--overwrite")


PLAIN = "import cli; cli.main()"


@pytest.mark.parametrize(("crawl", "out"), [("crawl.parquet", "w.parquet"), ("crawl.csv", "w.csv")])
def test_a_full_disk_leaves_the_old_output(folder: Path, crawl: str, out: str) -> None:
    done = weigh(folder, PLAIN, crawl, out)
    assert done.returncode == 0, done.stderr
    before = (folder / out).read_bytes()
    done = weigh(folder, FULL_DEVICE.format(name=out), crawl, out)
    check_told(done, "the disk is full")
    assert (folder / out).read_bytes() == before
    assert list(folder.rglob(".unfinished-*")) == []


@pytest.mark.parametrize(
    "words",
    [
        ("report", "w.parquet", "--out", "page.html"),
        ("export", "w.parquet", "--to", "csv", "--out", "page.csv"),
        ("export", "w.parquet", "--to", "parquet", "--out", "page.parquet"),
    ],
    ids=lambda words: " ".join(words[::3]),
)
def test_reports_and_exports_tell_it_too(folder: Path, words: tuple[str, ...]) -> None:
    done = weigh(folder, PLAIN, "crawl.parquet", "w.parquet")
    assert done.returncode == 0, done.stderr
    done = curate(folder, FULL_DEVICE.format(name=words[-1]), *words)
    check_told(done, "the disk is full")
    assert not (folder / words[-1]).exists()
    assert list(folder.rglob(".unfinished-*")) == []


def check_told(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr and "please report" not in done.stderr


def test_wherever_a_write_fails_the_same_command_goes_on(folder: Path) -> None:
    """Files may grow to so many bytes and no further, as the kernel holds them to."""
    assert weigh(folder, PLAIN, "crawl.parquet", "whole.parquet").returncode == 0
    whole = pl.read_parquet(folder / "whole.parquet")
    (folder / "crawl.parquet.curate").rename(folder / "first.curate")
    sizes = {file.stat().st_size for file in (folder / "first.curate").rglob("*") if file.is_file()}
    for most in sorted({size - 1 for size in sizes if size > 1_000})[::2]:
        done = weigh(folder, SMALL_FILES.format(most=most), "crawl.parquet", "w.parquet")
        check_told(done, "a file may not be so large there")
        assert not (folder / "w.parquet").exists()
        assert list(folder.rglob(".unfinished-*")) == []
    done = weigh(folder, PLAIN, "crawl.parquet", "w.parquet")
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(folder / "w.parquet").equals(whole)
