"""A disk that is full: a sentence, no output, the old one kept, and the same command goes on."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli import app
from curate.store import atomic


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a folder with a crawl of 3,000 rows, two shards, and its features."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 3, 3_000)
    np.save(tmp_path / "x.npy", rng.normal(size=(3_000, 8)) + 3 * np.eye(8)[label])
    table = pl.DataFrame({"id": [f"{row:06}" for row in range(3_000)], "label": label})
    table.write_parquet(tmp_path / "crawl.parquet")
    table.write_csv(tmp_path / "crawl.csv")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def weigh(crawl: str, out: str) -> Result:
    line = ["weight", crawl, "--embeddings", "x.npy", "--graph", "none", "--out", out]
    return CliRunner().invoke(app, [*line, "--overwrite"])


def weighed(crawl: str, out: str) -> None:
    result = weigh(crawl, out)
    assert result.exit_code == 0, result.output


def check_told(result: Result) -> None:
    assert result.exit_code == 2, result.output
    assert "cannot be written" in result.stderr
    assert "please report" not in result.stderr
    assert list(Path().rglob(".unfinished-*")) == []


@contextmanager
def full_device(name: str) -> Iterator[None]:
    """Let what is written for the file of that name go where the kernel says ENOSPC."""
    unfinished = atomic.unfinished_name

    def on_a_full_device(path: Path) -> Path:
        temporary = unfinished(path)
        if path.name == name:
            temporary.symlink_to("/dev/full")
        return temporary

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atomic, "unfinished_name", on_a_full_device)
        yield


@contextmanager
def small_files(most: int) -> Iterator[None]:
    """Let files grow to so many bytes and no further; the kernel holds every writer to it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("crawl", "out"), [("crawl.parquet", "w.parquet"), ("crawl.csv", "w.csv")])
def test_a_full_disk_leaves_the_old_output(folder: Path, crawl: str, out: str) -> None:
    weighed(crawl, out)
    before = (folder / out).read_bytes()
    with full_device(out):
        result = weigh(crawl, out)
    check_told(result)
    assert "the disk is full" in result.stderr
    assert (folder / out).read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("report", "w.parquet", "--out", "page.html"),
        ("export", "w.parquet", "--to", "csv", "--out", "page.csv"),
        ("export", "w.parquet", "--to", "parquet", "--out", "page.parquet"),
    ],
    ids=lambda words: words[-1],
)
def test_reports_and_exports_tell_it_too(folder: Path, words: tuple[str, ...]) -> None:
    weighed("crawl.parquet", "w.parquet")
    with full_device(words[-1]):
        result = CliRunner().invoke(app, words)
    check_told(result)
    assert "the disk is full" in result.stderr
    assert not (folder / words[-1]).exists()


def test_wherever_a_write_fails_the_same_command_goes_on(folder: Path) -> None:
    weighed("crawl.parquet", "whole.parquet")
    whole = pl.read_parquet("whole.parquet")
    run = (folder / "crawl.parquet.curate").rename(folder / "first.curate")
    sizes = {file.stat().st_size for file in run.rglob("*") if file.is_file()}
    for most in sorted({size - 1 for size in sizes if size > 1_000}):
        with small_files(most):
            result = weigh("crawl.parquet", "w.parquet")
        check_told(result)
        assert not (folder / "w.parquet").exists()
    weighed("crawl.parquet", "w.parquet")
    assert pl.read_parquet("w.parquet").equals(whole)
