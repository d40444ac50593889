"""Classes of one to three images: not judged, not suggested, said, and no trouble to any reader."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from curate.options.export import FORMATS
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.torch import WeightedImages, refreshed_weights
from curate.verify.queue import STRATEGIES, QueueOptions, make_queue
from curate.weighted.open import open_weighted
from tests.crawls import curate, plain_png

ROWS, KNOWN, UNKNOWN = 200, ("apple", "cat", "truck"), ("lone", "pair", "pair", "trio")
"""Known classes; and the given labels of the first rows, with two more of "trio"."""


def crawl() -> pl.DataFrame:
    """A fifth of the labels is wrong; the first six rows have labels of little-known classes."""
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    given = np.where(np.arange(ROWS) % 5 == 4, (true + 1) % 3, true)
    labels = [*UNKNOWN, "trio", "trio", *(KNOWN[c] for c in given[6:])]
    x = 2 * np.eye(9)[true] + rng.normal(size=(ROWS, 9)) / 2
    pictures = [plain_png((row, 0, 0), (4, 4)) for row in range(ROWS)]
    return pl.DataFrame(
        {"key": [f"{row:032x}" for row in range(ROWS)], "image": pictures, "label": labels,
         "embedding": x.astype(np.float32)}
    )  # fmt: skip


def weigh(path: Path, *options: object) -> tuple[pl.DataFrame, str]:
    out = path.with_suffix(".weighted.parquet")
    done = curate("weight", path, "--graph", "none", "--overwrite", *options)
    assert done.exit_code == 0, done.output
    return pl.read_parquet(out), " ".join(done.output.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("little_known")
    crawl().write_parquet(folder / "crawl.parquet")
    weigh(folder / "crawl.parquet", "--soft-labels", 2)
    return folder


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "crawl.weighted.parquet"


def test_they_weigh_the_mean_have_no_quality_and_are_not_suggested(path: Path) -> None:
    rows = pl.read_parquet(path)
    unjudged, judged = rows[:6], rows[6:]
    for name in ("label_quality", "suggested_label", "suggested_quality", "distance"):
        assert unjudged[name].null_count() == 6
        assert judged[name].null_count() == 0
    assert unjudged["weight"].to_list() == pytest.approx([judged["weight"].mean()] * 6)
    assert unjudged["is_label_issue"].to_list() == [False] * 6
    assert set(judged["suggested_label"]) == set(KNOWN)
    assert [shares.to_list() for shares in unjudged["soft_probabilities"]] == [[1, 0, 0]] * 6
    assert not set(judged["soft_labels"].explode()) & set(UNKNOWN)


def test_the_summary_and_inspect_count_and_name_them(folder: Path, path: Path) -> None:
    said = (
        "not judged 6, of 3 classes with fewer than 4 different images (such as lone, pair, trio)"
    )
    assert said in weigh(folder / "crawl.parquet", "--soft-labels", 2)[1]
    shown = curate("inspect", path)
    assert shown.exit_code == 0, shown.output
    assert said in " ".join(shown.output.split())
    found = json.loads(curate("inspect", path, "--json").stdout)
    assert "NaN" not in json.dumps(found)
    one = curate("inspect", path, "--key", f"{0:032x}")
    assert "Its own class, lone: not judged, as it has fewer than 4 different images" in one.output
    around = json.loads(curate("inspect", path, "--key", f"{0:032x}", "--json").stdout)["around"]
    assert (around["rank"], around["classes"]) == (None, 3)
    assert {near["label"] for near in around["look"]} == set(KNOWN)
    assert "no judged row" in curate("inspect", path, "--class", "lone").output


def test_the_report_takes_them(path: Path, tmp_path: Path) -> None:
    done = curate("report", path, "--out", tmp_path / "report.html")
    assert done.exit_code == 0, done.output
    assert "fewer than 4 different images" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_person_is_asked_about_judged_rows(path: Path, tmp_path: Path, strategy: str) -> None:
    weighted = open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))
    queue = make_queue(weighted, QueueOptions(strategy, ROWS))
    assert len(queue) == ROWS - 6
    assert queue["row"].min() == 6


@pytest.mark.parametrize("name", FORMATS)
def test_they_can_be_exported(path: Path, tmp_path: Path, name: str) -> None:
    ending = {"cleanlab": ".csv", "csv": ".csv", "datacomp": ".npy", "jsonl": ".jsonl",
              "parquet": ".parquet"}.get(name, "")  # fmt: skip
    done = curate("export", path, "--to", name, "--out", tmp_path / f"out{ending}")
    assert done.exit_code == 0, done.output


def test_refine_weighs_them_as_weight_did(path: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(path)
    truth = [KNOWN[row % 3] for row in range(ROWS)]
    verified = rows.select("key").with_columns(label=pl.Series(truth))[6::2]
    verified.write_parquet(tmp_path / "verified.parquet")
    out = tmp_path / "refined.parquet"
    done = curate("refine", path, "--verified", tmp_path / "verified.parquet", "--epochs", 2,
                  "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    refined = pl.read_parquet(out)
    kept = refined.filter(pl.col("refined_label").is_in(UNKNOWN))
    assert kept["refined_weight"].to_list() == pytest.approx([rows["weight"][0]] * len(kept))


def test_training_rows_and_refreshed_weights_take_them(path: Path) -> None:
    data = WeightedImages(path, size=4)
    assert len(data) == (pl.read_parquet(path)["weight"] > 0).sum()
    logits = torch.randn(len(data), 6, generator=torch.Generator().manual_seed(0))
    found = refreshed_weights(data, logits)
    unjudged = torch.from_numpy(data.row_numbers < 6)
    assert unjudged.sum() == 6
    assert torch.allclose(found[unjudged], found[~unjudged].mean(), atol=1e-4)


def test_a_label_of_a_list_is_not_judged_beside_one_that_is(tmp_path: Path) -> None:
    rows = crawl()
    labels = [[*([label] if label in KNOWN else ["apple", label]), ""] for label in rows["label"]]
    rows.with_columns(label=pl.Series(labels)).write_parquet(tmp_path / "crawl.parquet")
    found, said = weigh(tmp_path / "crawl.parquet")
    assert "not judged 6, of 3 classes" in said
    quality, weight = found["label_quality"], found["weight"]
    assert [values[1] for values in quality[:6]] == [None] * 6
    assert all(values[0] is not None for values in quality)
    judged = [values[0] for values in weight]
    assert [values[1] for values in weight[:6]] == pytest.approx([np.mean(judged)] * 6)
    assert all(values[-1] == 0 for values in weight)
    assert not set(found["suggested_label"].explode()) & set(UNKNOWN)
    shown = curate("inspect", tmp_path / "crawl.weighted.parquet")
    assert "not judged 6, of 3 classes" in " ".join(shown.output.split())


def test_where_no_class_is_known_all_rows_weigh_1(tmp_path: Path) -> None:
    rows = crawl()[:9].with_columns(label=pl.Series(["a", "b", "c"] * 3))
    rows.write_parquet(tmp_path / "crawl.parquet")
    found, said = weigh(tmp_path / "crawl.parquet")
    assert found["weight"].to_list() == [1.0] * 9
    assert found["label_quality"].null_count() == found["suggested_label"].null_count() == 9
    assert "not judged 9, of 3 classes" in said


def test_where_no_class_is_known_no_share_of_wrong_labels_is_told(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    crawl()[:6].write_parquet(path)
    _, words = weigh(path)
    assert "look wrong how many is not known, as no label is judged" in words
    out = path.with_suffix(".weighted.parquet")
    found = json.loads(curate("inspect", out, "--json").stdout)["summary"]
    assert found["noise"] is None
    assert found["range_of_wrong"] is None
