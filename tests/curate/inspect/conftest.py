"""A small crawl with pictures, weighed once: three colours, some rows with a wrong label."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from curate.commands.weight import weigh
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted
from tests.crawls import plain_png

COLOURS = {"red": (255, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 255)}
NAMES = sorted(COLOURS)
ROWS = 90
TRUE = [NAMES[row % 3] for row in range(ROWS)]
GIVEN = [NAMES[(row + (row % 10 == 4)) % 3] for row in range(ROWS)]
"""Every tenth label is wrong."""
NO_FEATURES, NO_LABEL = 20, 41


def png(colour: tuple[int, int, int], size: tuple[int, int] = (16, 8)) -> bytes:
    return plain_png(colour, size)


def draw_features(folder: Path) -> Path:
    rng = np.random.default_rng(1)
    features = np.eye(12)[[NAMES.index(name) for name in TRUE]] + rng.normal(0, 0.12, (ROWS, 12))
    features[NO_FEATURES] = np.nan
    np.save(folder / "features.npy", features.astype(np.float32))
    return folder / "features.npy"


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """crawl.parquet and its run, w.parquet; lists.parquet and its run, l.parquet."""
    folder = tmp_path_factory.mktemp("review")
    features = draw_features(folder)
    labels = [None if row == NO_LABEL else label for row, label in enumerate(GIVEN)]
    common = {
        "key": [f"k{row:02d}" for row in range(ROWS)],
        "image": [png(COLOURS[name]) for name in TRUE],
        "caption": [f"a photo of {name}" for name in TRUE],
    }
    (folder / "edges.csv").write_text("child,parent\nred,warm\ngreen,cold\nblue,cold\n")
    graph = f"hierarchy:{folder / 'edges.csv'}"
    pl.DataFrame({**common, "label": labels}).write_parquet(folder / "crawl.parquet")
    lists = [[given, "red", "red"] if row % 5 == 0 else [given] for row, given in enumerate(GIVEN)]
    pl.DataFrame({**common, "label": lists}).write_parquet(folder / "lists.parquet")
    for name, out in (("crawl", "w"), ("lists", "l")):
        options = WeightOptions(
            folder / f"{name}.parquet",
            embeddings=features,
            graph=graph,
            out=folder / f"{out}.parquet",
        )
        weigh(options, Console(quiet=True))
    return folder


@pytest.fixture
def weighted(folder: Path, tmp_path: Path) -> Weighted:
    return opened(folder / "w.parquet", tmp_path)


@pytest.fixture
def lists(folder: Path, tmp_path: Path) -> Weighted:
    return opened(folder / "l.parquet", tmp_path)


def opened(path: Path, frozen: Path, columns: ColumnOptions | None = None) -> Weighted:
    options = WeightedOptions(path, columns or ColumnOptions())
    return open_weighted(options, Folders(frozen / "frozen"))
