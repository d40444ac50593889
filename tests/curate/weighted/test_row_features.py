"""`curate.embeddings`: the features of a run in the order of the rows."""

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import curate
from curate.errors import CurateError

ROWS = 4_500
"""Of a crawl in three shards."""
WITHOUT = [0, 2_047, 2_048, 4_499]


def given() -> np.ndarray:
    x = np.eye(5)[np.arange(ROWS) % 3] + np.random.default_rng(0).normal(0, 0.2, (ROWS, 5))
    x[WITHOUT] = 0
    return x


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weigh a crawl by features that are given."""
    folder = tmp_path_factory.mktemp("crawl")
    np.save(folder / "x.npy", given())
    labels = [f"class {row % 3}" for row in range(ROWS)]
    pl.DataFrame({"was": labels}).write_csv(folder / "crawl.csv")
    options = {"embeddings": folder / "x.npy", "graph": "none", "label": "was"}
    rows = curate.weight(
        folder / "crawl.csv", out=folder / "w.parquet", run_dir=folder / "run", **options
    )
    rows.sink_csv(folder / "copy.csv")
    rows.head(9).sink_csv(folder / "few.csv")
    return folder


def test_they_are_those_that_were_given_in_the_order_of_the_rows(folder: Path) -> None:
    features, x = curate.embeddings(folder / "w.parquet"), given()
    assert (features.shape, features.dtype) == ((ROWS, 5), np.float16)
    assert np.flatnonzero(np.isnan(features).all(axis=1)).tolist() == WITHOUT
    kept = ~np.isnan(features).any(axis=1)
    unit = x[kept] / np.linalg.norm(x[kept], axis=1, keepdims=True)
    np.testing.assert_allclose(features[kept], unit, atol=1e-3)


def test_a_file_that_does_not_know_its_run_is_told(folder: Path) -> None:
    with pytest.raises(CurateError, match="name the folder with run_dir="):
        curate.embeddings(folder / "copy.csv", label="was")
    told = curate.embeddings(folder / "copy.csv", label="was", run_dir=folder / "run")
    np.testing.assert_array_equal(told, curate.embeddings(folder / "w.parquet"))


def test_other_rows_and_a_run_that_is_gone_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match=r"few.csv has 9 rows, and the run in .*run 4,500"):
        curate.embeddings(folder / "few.csv", label="was", run_dir=str(folder / "run"))
    shutil.copy(folder / "w.parquet", tmp_path)
    with pytest.raises(CurateError, match="that run's folder is gone"):
        curate.embeddings(tmp_path / "w.parquet")


def test_a_full_disk_is_told_before_anything_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        curate.embeddings(folder / "w.parquet")
