"""A crawl of small pictures, for benchmarks that make their own crawls of one."""

from pathlib import Path

import numpy as np
import polars as pl

from tests.crawls import png

NAMES = ("ant", "bee", "cat", "dog", "elk", "fox", "gnu", "hen")


def write_pictures(folder: Path, rows: int) -> list[str]:
    """Write a crawl of which a fifth is wrong, and its truth; return what benchmarks are told."""
    rng = np.random.default_rng(0)
    colours = rng.integers(40, 216, (len(NAMES), 3))
    true = np.arange(rows) % len(NAMES)
    given = np.where(rng.random(rows) < 0.2, (true + 1) % len(NAMES), true)
    noise = rng.normal(0, 12, (rows, 8, 8, 3))
    pixels = (colours[true][:, None, None] + noise).clip(0, 255).astype(np.uint8)
    keys = [f"{row:04d}" for row in range(rows)]
    crawl = {"key": keys, "image": list(map(png, pixels)), "label": [NAMES[c] for c in given]}
    pl.DataFrame(crawl).write_parquet(folder / "crawl.parquet")
    truth = pl.DataFrame({"key": keys, "true_label": [NAMES[c] for c in true]})
    truth.write_parquet(folder / "truth.parquet")
    return [f"{folder / 'crawl.parquet'}", f"{folder / 'truth.parquet'}", "--encoder", "embedded"]


def cells(printed: str, row: str) -> list[list[str]]:
    """Return the cells after the name of each table's row of that name."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in printed.splitlines()]
    return [line[1:] for line in lines if line and line[0] == row]
