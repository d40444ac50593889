import io

import numpy as np
import polars as pl
import pytest
from PIL import Image

from curate.demo.crawl import CONFUSABLE, make_crawl
from curate.demo.draw import SIDE, draw_jpeg
from curate.demo.figures import CLASSES, STRANGERS

ROWS = 400


@pytest.fixture(scope="module")
def crawl(tmp_path_factory):
    return make_crawl(tmp_path_factory.mktemp("demo") / "new", rows=ROWS, seed=3)


@pytest.fixture(scope="module")
def rows(crawl):
    given, truth = map(pl.read_parquet, crawl)
    return given.join(truth, on="key", how="inner")


def test_the_crawl_and_the_truth_have_the_promised_columns(crawl):
    given, truth = map(pl.read_parquet, crawl)
    assert given.columns == ["key", "image", "label", "caption"]
    assert truth.columns == ["key", "true_label", "noise_type"]
    assert given["key"].to_list() == truth["key"].to_list()
    assert given["key"].n_unique() == ROWS


def test_three_rows_in_ten_are_wrong_in_the_promised_shares(rows):
    counts = dict(rows["noise_type"].value_counts().iter_rows())
    assert counts == {"confusing": 60, "random": 32, "open-set": 28, "clean": 280}


def test_every_class_is_given_equally_often(rows):
    counts = rows["label"].value_counts()["count"]
    assert set(rows["label"]) == set(CLASSES)
    assert counts.max() - counts.min() <= 1


@pytest.mark.parametrize("kind", ["clean", "confusing", "random", "open-set"])
def test_the_truth_fits_the_kind_of_noise(rows, kind):
    for label, true_label in rows.filter(pl.col("noise_type") == kind)[
        "label", "true_label"
    ].rows():
        assert (true_label == label) == (kind == "clean")
        assert (true_label is None) == (kind == "open-set")
        assert (true_label in CONFUSABLE[label]) == (kind == "confusing")


def test_every_class_is_confusable_only_with_other_classes():
    assert set(CONFUSABLE) == set(CLASSES)
    for label, others in CONFUSABLE.items():
        assert others
        assert set(others) <= set(CLASSES) - {label}


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    first = make_crawl(tmp_path / "a", rows=40, seed=1)
    second = make_crawl(tmp_path / "b", rows=40, seed=1)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_another_seed_gives_other_pictures(tmp_path):
    first, _ = make_crawl(tmp_path / "a", rows=40, seed=1)
    second, _ = make_crawl(tmp_path / "b", rows=40, seed=2)
    assert not set(pl.read_parquet(first)["image"]) & set(pl.read_parquet(second)["image"])


@pytest.mark.parametrize("figure", [*CLASSES, *STRANGERS])
def test_every_figure_can_be_seen_in_its_picture(figure):
    for seed in range(5):
        picture = Image.open(io.BytesIO(draw_jpeg(figure, np.random.default_rng(seed))))
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (SIDE, SIDE))
        assert np.asarray(picture, dtype=float).std() > 10


@pytest.mark.parametrize("figure", [*CLASSES, *STRANGERS])
def test_every_outline_stays_in_its_square(figure):
    outline = (CLASSES | STRANGERS)[figure]
    for seed in range(20):
        points = outline(np.random.default_rng(seed))
        assert points.ndim == 2 and points.shape[1] == 2
        assert np.abs(points).max() < 1.2
