"""The overview says what `curate weight` said, from the file alone."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from curate.commands.weight import Weighed, weigh
from curate.inspect.overview import BINS, Overview, overview
from curate.options.weight import WeightOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.open import open_weighted

ROWS, CLASSES, WRONG = 240, 4, 0.25


def crawl(folder: Path, lists: bool = False) -> WeightOptions:
    """Draw rows of which some have a wrong label, none, or no features."""
    rng = np.random.default_rng(3)
    true = rng.integers(0, CLASSES, ROWS)
    given = np.where(rng.random(ROWS) < WRONG, rng.integers(0, CLASSES, ROWS), true)
    features = (np.eye(16)[true] + rng.normal(0, 0.15, (ROWS, 16))).astype(np.float32)
    features[::40] = np.nan
    np.save(folder / "features.npy", features)
    labels: list[object] = [f"c{label}" for label in given]
    labels[5], labels[11] = None, ""
    if lists:
        labels = [
            [label, f"c{other}"] for label, other in zip(labels, np.roll(given, 1), strict=True)
        ]
        labels[7], labels[8], labels[9], labels[12] = None, [], ["c1", "c1"], [None, ""]
    pl.DataFrame({"label": labels}, strict=False).write_parquet(folder / "crawl.parquet")
    return WeightOptions(folder / "crawl.parquet", embeddings=folder / "features.npy", graph="none")


def looked_at(options: WeightOptions) -> Overview:
    frozen = Folders(options.output.parent / "frozen")
    return overview(open_weighted(WeightedOptions(options.output), frozen))


def weighed(options: WeightOptions) -> Weighed:
    return weigh(options, Console(quiet=True))


@pytest.mark.parametrize("lists", [False, True])
def test_it_counts_what_weight_has_counted(tmp_path: Path, lists: bool) -> None:
    options = crawl(tmp_path, lists)
    tally, found = weighed(options).tally, looked_at(options)
    said = tally.counts
    assert found.rows == ROWS
    assert found.lists == lists
    assert 0.1 < said.noise < 0.6
    assert said.examples == {"not_finite": ["row 1", "row 41", "row 81"]}
    assert found.examples == {"not_finite": ["0", "40", "80"]}
    for name in vars(said).keys() - {"examples"}:
        value = getattr(said, name)
        assert getattr(found, name) == pytest.approx(value), name
    assert found.refined is None
    by_class = found.classes.sort("label")
    assert by_class["label"].to_list() == list(tally.classes.names)
    assert by_class["rows"].to_list() == list(tally.classes.counts)
    assert by_class["judged"].to_list() == tally.judged.tolist()
    assert by_class["flagged"].to_list() == tally.issues.tolist()
    assert by_class["wrong"].to_list() == pytest.approx(tally.noise_counts.wrong().tolist())
    assert found.classes["wrong"].is_sorted(descending=True)


def test_histograms_and_means_are_those_of_the_columns(tmp_path: Path) -> None:
    options = crawl(tmp_path)
    weighed(options)
    found, rows = looked_at(options), pl.read_parquet(options.output)
    for histogram, name in ((found.quality, "label_quality"), (found.weight, "weight")):
        values = rows[name].drop_nulls().cast(pl.Float64).to_numpy()
        expected = np.histogram(values, BINS, (0, histogram.top))[0]
        assert list(histogram.counts) == pytest.approx(expected, abs=1)
        assert sum(histogram.counts) == len(values)
    assert found.weight.top == rows["weight"].max()
    judged = rows.filter(label="c0").drop_nulls("label_quality")
    said = found.classes.row(by_predicate=pl.col("label") == "c0", named=True)
    assert said["mean_quality"] == pytest.approx(judged["label_quality"].mean())
    assert said["mean_weight"] == pytest.approx(judged["weight"].mean())


def test_without_its_run_nothing_is_estimated(tmp_path: Path) -> None:
    options = crawl(tmp_path)
    weighed(options)
    assert looked_at(options).noise is not None
    shutil.rmtree(tmp_path / "crawl.parquet.curate" / "noise")
    found, rows = looked_at(options), pl.read_parquet(options.output)
    assert found.noise is None
    assert found.classes["wrong"].null_count() == CLASSES
    flagged = rows.filter("is_label_issue").filter(pl.col("label") != pl.col("suggested_label"))
    assert found.confusions["count"].sum() == len(flagged)
    given, suggested, count = found.confusions.row(0)
    assert len(flagged.filter(label=given, suggested_label=suggested)) == count


def test_another_run_in_its_folder_changes_nothing_that_is_said(tmp_path: Path) -> None:
    options = crawl(tmp_path)
    weighed(options)
    known = looked_at(options)
    other = replace(options, out=tmp_path / "other.parquet", prototypes_per_class=2)
    weighed(other)
    found = looked_at(options)
    assert found.noise == known.noise is not None
    assert found.classes.equals(known.classes)
    assert found.confusions.equals(known.confusions)


def test_columns_that_were_left_out_are_no_obstacle(tmp_path: Path) -> None:
    table = {"label": ["a", "a", "b"], "label_quality": [0.1, 1.0, None]}
    pl.DataFrame(table).write_parquet(tmp_path / "w.parquet")
    weighted = open_weighted(WeightedOptions(tmp_path / "w.parquet"), Folders(tmp_path / "frozen"))
    found = overview(weighted)
    assert (found.rows, found.judged, found.flagged, found.statuses) == (3, 2, 0, {})
    assert found.quality.counts[BINS // 10] == found.quality.counts[-1] == 1
    assert sum(found.weight.counts) == 0


def test_refined_labels_that_differ_are_counted(tmp_path: Path) -> None:
    options = crawl(tmp_path)
    weighed(options)
    rows = pl.read_parquet(options.output)
    refined = rows.with_columns(refined_label=pl.lit("c0"))
    refined.write_parquet(options.output)
    assert looked_at(options).refined == int((rows["label"].replace("", None) != "c0").sum())
