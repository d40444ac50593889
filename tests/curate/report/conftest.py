"""A crawl whose texts are hostile, weighed; its report; and a real browser to look at it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console

from curate.commands.report import write_report
from curate.commands.weight import weigh
from curate.options.report import ReportOptions
from curate.options.weight import WeightOptions
from tests.crawls import plain_png

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
LABELS = (
    "</script><script>alert(1)</script>",
    "\"quoted' `label` &amp; more",
    "\u202eright to left\x1b[31m",
    "__proto__",
    "crane",
    "عربي",
)
ROWS, WRONG = 180, 0.25


def png(colour: tuple[int, ...]) -> bytes:
    return plain_png(colour, (30, 20))


def draw_crawl(folder: Path) -> WeightOptions:
    """Draw images of plain colours, a class each, a quarter of them under a wrong label."""
    rng = np.random.default_rng(7)
    true = np.arange(ROWS) % len(LABELS)
    given = np.where(rng.random(ROWS) < WRONG, rng.integers(0, len(LABELS), ROWS), true)
    features = np.eye(16)[true] + rng.normal(0, 0.15, (ROWS, 16))
    np.save(folder / "features.npy", features.astype(np.float32))
    colours = rng.integers(0, 256, (len(LABELS), 3))
    images = [png(tuple(colours[c].tolist())) for c in true]
    images[::25] = [b"no picture"] * len(images[::25])
    pl.DataFrame(
        {
            "key": [f"<b onclick=alert({row})>k{row}" for row in range(ROWS)],
            "image": images,
            "label": [LABELS[c] for c in given],
            "caption": [
                f"</script><img src=x onerror=alert(2)> {row}\n\x07" for row in range(ROWS)
            ],
        }
    ).write_parquet(folder / "crawl.parquet")
    parents = pl.DataFrame({"child": LABELS, "parent": ["a", "a", "b", "b", "b", "c"]})
    tops = pl.DataFrame({"child": ["a", "b", "c"], "parent": ["top"] * 3})
    pl.concat([parents, tops]).write_csv(folder / "edges.csv")
    return WeightOptions(
        folder / "crawl.parquet",
        embeddings=folder / "features.npy",
        graph=f"hierarchy:{folder / 'edges.csv'}",
    )


@pytest.fixture(scope="session")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a weighted manifest; its run is beside it."""
    options = draw_crawl(tmp_path_factory.mktemp("crawl"))
    return weigh(options, Console(quiet=True)).out


@pytest.fixture(scope="session")
def page(crawl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give its report."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(ReportOptions(crawl, out=out, title="</title><script>alert(3)"))
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the machine's Chromium, or else playwright's; `make browser` gets one.

    For a module, since an event loop runs as long as it does, and other tests need their own.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=flags)
        yield chromium
        chromium.close()
