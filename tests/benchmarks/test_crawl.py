from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from benchmarks.crawl import Crawl, read_crawl, some_classes, some_rows
from curate.errors import CurateError
from curate.options.weight import WeightOptions

QUIET = Console(quiet=True)


def write(folder: Path) -> WeightOptions:
    keys = [f"k{row}" for row in range(6)]
    given = ["ant", "bee", "ant", "cow", "cow", "bee"]
    pl.DataFrame({"key": keys, "label": given}).write_parquet(folder / "crawl.parquet")
    truth = {
        "key": keys[::-1],
        "true_label": ["bee", "cow", None, "bee", "bee", "ant"],
        "noise_type": ["clean", "clean", "open-set", "confusing", "clean", "clean"],
    }
    pl.DataFrame(truth).write_parquet(folder / "truth.parquet")
    features = np.eye(6, 4, dtype=np.float32) + 1
    features[5] = 0
    np.save(folder / "x.npy", features)
    return WeightOptions(folder / "crawl.parquet", embeddings=folder / "x.npy", graph="none")


def read(folder: Path, truth: str | None = "truth.parquet") -> Crawl:
    options = write(folder)
    path = None if truth is None else folder / truth
    return read_crawl(options.manifest, path, options, folder / "run", QUIET)


def test_features_labels_and_truth_meet_by_key_and_rows_without_features_are_left_out(
    tmp_path: Path,
) -> None:
    crawl = read(tmp_path)
    assert crawl.names == ("ant", "bee", "cow")
    assert crawl.labels.tolist() == [0, 1, 0, 2, 2]
    assert crawl.true.tolist() == [0, 1, 1, -1, 2]
    assert crawl.kinds.tolist() == ["clean", "clean", "confusing", "open-set", "clean"]
    assert crawl.wrong.tolist() == [False, False, True, True, False]
    np.testing.assert_allclose(np.linalg.norm(crawl.features, axis=1), 1, atol=1e-3)


def test_without_a_truth_every_label_is_right(tmp_path: Path) -> None:
    assert not read(tmp_path, None).wrong.any()


def test_a_truth_that_lacks_rows_is_refused(tmp_path: Path) -> None:
    options = write(tmp_path)
    pl.read_parquet(tmp_path / "truth.parquet").head(4).write_parquet(tmp_path / "part.parquet")
    with pytest.raises(CurateError, match="lacks 2 keys"):
        read_crawl(options.manifest, tmp_path / "part.parquet", options, tmp_path / "run", QUIET)


def test_fewer_classes_are_numbered_anew_and_a_truth_outside_them_is_none(tmp_path: Path) -> None:
    crawl = read(tmp_path).rows(np.array([True, False, True, True, True]))
    assert crawl.names == ("ant", "cow")
    assert crawl.labels.tolist() == [0, 0, 1, 1]
    assert crawl.true.tolist() == [0, -1, -1, 1]


def test_classes_and_rows_are_drawn_by_seed(tmp_path: Path) -> None:
    crawl = read(tmp_path)
    two = some_classes(crawl, 2, np.random.default_rng(0))
    assert len(two.names) == 2
    assert len(some_rows(crawl, 3, np.random.default_rng(0)).labels) == 3
    assert len(some_rows(crawl, 99, np.random.default_rng(0)).labels) == 5
    with pytest.raises(CurateError, match="--classes 4"):
        some_classes(crawl, 4, np.random.default_rng(0))
