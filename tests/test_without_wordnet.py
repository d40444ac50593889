"""Where WordNet cannot be had a crawl is weighed without it, and that is said."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import curate.relations.wordnet_setup as setup
from tests.crawls import curate

ROWS = 60
LABELS = ("tabby", "minivan", "plum")


@pytest.fixture
def crawl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a crawl on a machine without WordNet and without a network."""

    def unreachable(_: Path) -> None:
        raise LookupError("NLTK's server cannot be reached [Errno -2]")

    monkeypatch.setattr(setup, "find_wordnet", lambda *_: None)
    monkeypatch.setattr(setup, "download_wordnet", unreachable)
    monkeypatch.setattr(setup, "from_debian", unreachable)
    monkeypatch.setenv("CURATE_DATA", str(tmp_path / "data"))
    rng = np.random.default_rng(0)
    features = np.eye(8)[np.arange(ROWS) % 3] + rng.normal(0, 0.1, (ROWS, 8))
    np.save(tmp_path / "features.npy", features.astype(np.float32))
    pl.DataFrame({"label": [LABELS[row % 3] for row in range(ROWS)]}).write_parquet(
        tmp_path / "crawl.parquet"
    )
    (tmp_path / "edges.csv").write_text("child,parent\ntabby,thing\nminivan,thing\nplum,thing\n")
    return tmp_path / "crawl.parquet"


@pytest.mark.parametrize("asked", [False, True])
def test_weight_goes_on_without_it_and_says_so(crawl: Path, asked: bool) -> None:
    features = ("--embeddings", crawl.parent / "features.npy")
    graph = ("--graph", f"wordnet+hierarchy:{crawl.parent / 'edges.csv'}") if asked else ()
    done = curate("weight", crawl, *features, *graph)
    assert done.exit_code == 0, done.output
    left = f"hierarchy:{crawl.parent / 'edges.csv'}" if asked else "none"
    assert f"Without WordNet: this goes on as with --graph {left}." in done.stderr
    assert "NLTK's server cannot be reached [Errno -2]" in done.stderr
    assert "1 class relations that cannot be had here: wordnet" in done.stdout
    out = crawl.with_name("crawl.weighted.parquet")
    said = json.loads(curate("inspect", out, "--json").stdout)
    assert said["skipped"][0]["examples"] == ["wordnet"]
    plain = crawl.with_name("plain.parquet")
    left_graph = ("--graph", left)
    assert curate("weight", crawl, *features, *left_graph, "--out", plain).exit_code == 0
    assert pl.read_parquet(plain).equals(pl.read_parquet(out))


def test_descriptions_without_any_text_are_refused(crawl: Path) -> None:
    features = ("--embeddings", crawl.parent / "features.npy")
    done = curate("weight", crawl, *features, "--graph", "text:description")
    assert done.exit_code == 2
    assert "no class has a text to read; give names or descriptions" in done.stderr


def test_graph_refuses_since_it_shows_nothing_else(crawl: Path) -> None:
    done = curate("graph", crawl)
    assert done.exit_code == 2
    assert "WordNet is not on this machine and cannot be set up" in done.stderr
