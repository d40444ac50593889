"""Counts of one and of many read as a person would write them."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .crawls import curate


def crawl(folder: Path, larger: int, copies: int = 0) -> Path:
    """Write 40 rows of two classes, ``larger`` of the first, and copies of the first row."""
    rng = np.random.default_rng(0)
    true = np.append(np.arange(40) >= larger, np.zeros(copies, bool)).astype(int)
    x = 2 * np.eye(2, 24)[true] + rng.normal(size=(len(true), 24)) / 3
    x[40:] = x[0]
    rows = {"key": [f"k{row}" for row in range(len(true))], "label": [f"c{one}" for one in true]}
    embedding = pl.Series("embedding", x.tolist())
    pl.DataFrame(rows).with_columns(embedding).write_parquet(folder / "crawl.parquet")
    return folder / "crawl.parquet"


def said(*arguments: object) -> str:
    done = curate(*arguments)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.mark.parametrize(("larger", "named"), [(22, False), (20, False), (32, True)])
def test_of_two_classes_only_one_that_dominates_is_named(
    tmp_path: Path, larger: int, named: bool
) -> None:
    words = said("weight", crawl(tmp_path, larger), "--graph", "none")
    assert ("more than all others together" in words) == named


def test_one_is_not_written_as_many(tmp_path: Path) -> None:
    path = crawl(tmp_path, 20, copies=9)
    verified = {"key": ["k3", "gone"], "label": ["c0", "c1"], "strategy": ["random"] * 2}
    pl.DataFrame(verified).write_parquet(tmp_path / "v.parquet")
    words = said("weight", path, "--graph", "none", "--verified", tmp_path / "v.parquet")
    assert "by 1 row verified at random: 0 wrong" in words
    assert "keys that are not in the manifest, such as 'gone', are left out: 1." in words
    assert "verified keys that are not in the manifest (1): gone" in words
    words = said("inspect", path.with_name("crawl.weighted.parquet"), "--pictures", "none")
    assert "copies 9 of an earlier row; groups: 1" in words
    assert "1 pictures" not in words
