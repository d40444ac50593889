"""A class is found by what it is shown as: label, name, synset."""

from pathlib import Path

import polars as pl
import pytest

from curate.errors import CurateError
from curate.inspect.asked_class import find_class
from curate.inspect.select_samples import Selection, select
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.verify.queue import QueueOptions, make_queue
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

TABLE = """label,name,synset
red,"hog, pig, grunter",hog.n.03
green,"crane, heron",crane.n.05
blue,"crane, hoist",crane.n.04
"""


@pytest.fixture
def named(folder: Path, tmp_path: Path) -> Weighted:
    """The crawl of colours, whose run takes them for other things."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "curate.txt").write_text("")
    (run / "classes.csv").write_text(TABLE)
    pl.read_parquet(folder / "w.parquet").write_parquet(tmp_path / "w.parquet")
    options = WeightedOptions(tmp_path / "w.parquet", run_dir=run)
    return open_weighted(options, Folders(tmp_path / "frozen"))


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("red", "red"), ("RED", "red"), ("hog", "red"), ("red hog", "red"), ("Pig", "red"),
        ("hog.n.03", "red"), ("hoist", "blue"), ("blue crane", "blue"), ("crane.n.05", "green"),
    ],
)  # fmt: skip
def test_a_class_is_found_by_what_it_is_called(named: Weighted, said: str, label: str) -> None:
    assert find_class(named, "--class", said) == label
    found = select(named, Selection(label=said)).samples["label"]
    assert set(found) == {label}
    assert set(make_queue(named, QueueOptions(label=said))["label"]) == {label}


def test_a_suggested_class_too(named: Weighted) -> None:
    found = select(named, Selection(suggested="pig")).samples["suggested_label"]
    assert set(found) == {"red"}


def test_what_several_are_called_is_asked_again(named: Weighted) -> None:
    with pytest.raises(CurateError, match="--class crane is the name of 2 classes: blue, gre"):
        select(named, Selection(label="crane"))


def test_what_none_is_called_is_refused_as_before(named: Weighted) -> None:
    with pytest.raises(CurateError, match="no label is 'rde': did you mean 'red'"):
        select(named, Selection(label="rde"))
