"""`curate export --against`: no picture of another manifest is among those that are written."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .crawls import curate
from .test_duplicates import NAMES, written

ROWS = 60
LEAKED = [3, 4, 20]
"""Rows whose pictures are in the other manifest too; row 60 is a copy of row 3."""


def pixels(seed: int, rows: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    tints = np.array([[90, 0, 0], [0, 90, 0], [0, 0, 90]])
    made = [rng.integers(0, 160, (9, 9, 3)) + tints[row % 3] for row in range(rows)]
    return [one.astype(np.uint8) for one in made]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a crawl that was weighed, and another manifest."""
    folder = tmp_path_factory.mktemp("against")
    crawl, other = pixels(0, ROWS), pixels(1, 20)
    labels = [NAMES[row % 3] for row in range(ROWS)]
    images = [written(one, 90) for one in crawl] + [written(crawl[3], 70)]
    keys = [f"k{row}" for row in range(ROWS + 1)]
    rows = {"key": keys, "image": images, "label": [*labels, labels[3]]}
    pl.DataFrame(rows).write_parquet(folder / "crawl.parquet")
    images = [written(one, 90) for one in other] + [written(crawl[row], 40) for row in LEAKED]
    keys = [f"v{row}" for row in range(len(images) + 1)]
    labels = [NAMES[row % 3] for row in range(len(images) + 1)]
    rows = {"key": keys, "image": [*images, b"none"], "label": labels}
    pl.DataFrame(rows).write_parquet(folder / "val.parquet")
    done = curate("weight", folder / "crawl.parquet", "--encoder", "embedded", "--graph", "none")
    assert done.exit_code == 0, done.output
    return folder


def export(folder: Path, out: str, *options: object) -> str:
    done = curate(
        "export", folder / "crawl.weighted.parquet", "--to", "parquet", "--keep", "all",
        "--out", folder / out, *options,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_copies_of_the_other_manifest_and_their_copies_are_left_out_and_listed(
    folder: Path,
) -> None:
    said = export(folder, "train.parquet", "--against", folder / "val.parquet")
    kept = pl.read_parquet(folder / "train.parquet")["key"].to_list()
    assert kept == [f"k{row}" for row in range(ROWS) if row not in LEAKED]
    listed = pl.read_parquet(folder / "train.against.parquet")
    assert listed.rows() == [
        (3, "k3", "v20"), (4, "k4", "v21"), (20, "k20", "v22"), (60, "k60", "v20")
    ]  # fmt: skip
    assert "57 of 61" in said
    assert "(4): k3, k4, k20, ..." in said
    assert "rows without a picture that can be read, which are compared with none: 1" in said


def test_a_list_that_is_there_is_not_written_over(folder: Path) -> None:
    (folder / "again.against.parquet").write_bytes(b"mine")
    options = ("--to", "parquet", "--out", folder / "again.parquet", "--against")
    done = curate("export", folder / "crawl.weighted.parquet", *options, folder / "val.parquet")
    assert done.exit_code == 2
    assert "again.against.parquet exists" in " ".join(done.output.split())
    assert not (folder / "again.parquet").exists()


def of_features(folder: Path, x: np.ndarray, name: str) -> Path:
    rows = {
        "label": [NAMES[row % 3] for row in range(len(x))],
        "embedding": pl.Series(x.tolist(), dtype=pl.List(pl.Float32)),
    }
    pl.DataFrame(rows).write_parquet(folder / name)
    return folder / name


def test_where_there_are_no_pictures_features_are_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    new = rng.normal(size=(9, 64)) + 2 * np.eye(3, 64)[np.arange(9) % 3]
    crawl = of_features(tmp_path, x, "crawl.parquet")
    done = curate("weight", crawl, "--graph", "none")
    assert done.exit_code == 0, done.output
    val = of_features(tmp_path, np.concatenate([new, 2 * x[[7, 5]]]), "val.parquet")
    export(tmp_path, "out.parquet", "--against", val)
    listed = pl.read_parquet(tmp_path / "out.against.parquet")
    assert listed.rows() == [(5, "5", "10"), (7, "7", "9")]
    assert len(pl.read_parquet(tmp_path / "out.parquet")) == ROWS - 2
    none = of_features(tmp_path, new, "new.parquet")
    export(tmp_path, "all.parquet", "--against", none)
    assert len(pl.read_parquet(tmp_path / "all.parquet")) == ROWS
    assert not len(pl.read_parquet(tmp_path / "all.against.parquet"))


def test_other_features_are_refused(tmp_path: Path, folder: Path) -> None:
    x = np.random.default_rng(0).normal(size=(ROWS, 64)) + 2 * np.eye(3, 64)[np.arange(ROWS) % 3]
    crawl = of_features(tmp_path, x, "crawl.parquet")
    assert curate("weight", crawl, "--graph", "none").exit_code == 0
    for val, words in (
        (of_features(tmp_path, x[:, :32], "val.parquet"), "has 32 features a row, and the crawl"),
        (folder / "val.parquet", "has no column 'embedding', and the crawl was weighed by"),
    ):
        done = curate(
            "export", tmp_path / "crawl.weighted.parquet", "--to", "csv",
            "--out", tmp_path / "out.csv", "--against", val,
        )  # fmt: skip
        assert done.exit_code == 2
        assert words in " ".join(done.output.split())


def test_where_nothing_is_left_it_says_why(folder: Path) -> None:
    options = ("--to", "parquet", "--out", folder / "nothing.parquet", "--against")
    done = curate("export", folder / "crawl.weighted.parquet", *options, folder / "crawl.parquet")
    assert done.exit_code == 2
    words = " ".join(done.output.split())
    assert f"leaves out {ROWS + 1} of {ROWS + 1}; name another manifest." in words
    done = curate("export", folder / "crawl.weighted.parquet", *options, folder / "val.parquet",
                  "--min-quality", 1)  # fmt: skip
    words = " ".join(done.output.split())
    assert f"leaves out 4 of {ROWS + 1}, and --keep weighted --min-quality 1.0 the others" in words
