"""Where the range of the share of wrong labels says nothing, no share is shown."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.weighted.counts import FEW_JUDGED, TELLING, untold
from tests.crawls import curate

ROWS, SAID = 20, "too few images to tell"


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weigh a crawl of a few random features, whose labels have nothing to do with them."""
    path = tmp_path_factory.mktemp("few") / "crawl.parquet"
    x = np.random.default_rng(0).normal(size=(ROWS, 8)).astype(np.float32)
    table = {"key": [f"k{row}" for row in range(ROWS)], "label": ["cat", "dog"] * (ROWS // 2)}
    pl.DataFrame({**table, "embedding": x}).write_parquet(path)
    assert f"labels that look wrong {SAID}, between" in words("weight", path)
    return path.with_suffix(".weighted.parquet")


@pytest.fixture(scope="module")
def between(weighted: Path) -> str:
    low, high = json.loads(curate("inspect", weighted, "--json").stdout)["summary"][
        "range_of_wrong"
    ]
    assert high - low > TELLING
    return f"between {low:.0%} and {high:.0%}"


def words(*arguments: object) -> str:
    done = curate(*arguments)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


def test_inspect_says_the_range_alone(weighted: Path, between: str) -> None:
    told = f"labels that look wrong {SAID}, {between}; curate verify --strategy random"
    assert told in words("inspect", weighted)


def test_the_report_says_the_range_alone(weighted: Path, between: str, tmp_path: Path) -> None:
    words("report", weighted, "--out", tmp_path / "page.html")
    page = " ".join((tmp_path / "page.html").read_text("utf-8").split())
    assert "<b>not known</b>" in page
    assert f"{SAID}: {between} of the labels" in page


def test_it_is_for_want_of_images_only_where_these_are_few() -> None:
    assert untold(FEW_JUDGED - 1, (0.1, 0.8)) == SAID
    assert untold(FEW_JUDGED, (0.1, 0.8)) == "the images do not tell"
    assert untold(20, (0.1, 0.7)) == untold(20, None) == ""
