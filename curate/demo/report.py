"""Show what was found in the demo crawl: the weighted manifest held against the truth."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from PIL import Image
from rich.box import SIMPLE_HEAD
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text
from rich_pixels import Pixels
from scipy.stats import rankdata

from curate.demo.crawl import NOISE_SHARES
from curate.summary import printable

PICTURE_CELLS = 18
"""Width of a picture in the terminal; four and the space between them fit in 80 columns."""
PER_ROW = 4
SUSPECTS = 8


def show_findings(console: Console, weighted: Path, truth: Path) -> None:
    """Print how much of each kind of noise was found, how precisely, and the worst suspects.

    ``weighted`` is the manifest that ``curate weight`` wrote for the crawl of
    ``make_crawl``, ``truth`` the file beside that crawl; both are joined on ``key``.
    """
    rows = pl.read_parquet(weighted).join(pl.read_parquet(truth), on="key", how="inner")
    console.print(_by_kind(rows))
    console.print(_overall(rows))
    console.print(_suspects(console, rows))


def _by_kind(rows: pl.DataFrame) -> Table:
    table = Table(title="What was found, by kind of noise", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("kind")
    for name in ("rows", "flagged", "share", "mean weight"):
        table.add_column(name, justify="right")
    for kind in (*NOISE_SHARES, "clean"):
        part = rows.filter(pl.col("noise_type") == kind)
        flagged = part.filter(pl.col("is_label_issue")).height
        cells = (part.height, flagged, _share(flagged, part.height))
        table.add_row(kind, *map(str, cells), _mean(part["weight"]))
    return table


def _overall(rows: pl.DataFrame) -> Text:
    wrong = (rows["noise_type"] != "clean").to_numpy()
    flagged = rows["is_label_issue"].fill_null(False).to_numpy()
    hits = int((wrong & flagged).sum())
    quality = rows["label_quality"].fill_null(0.0).to_numpy()
    return Text(
        f"Precision {_share(hits, int(flagged.sum()))}, recall {_share(hits, int(wrong.sum()))}, "
        f"AUROC of label_quality {auroc(-quality, wrong):.3f}\n"
    )


def auroc(score: NDArray[np.floating], positive: NDArray[np.bool]) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    ``score`` (n,) floats and ``positive`` (n,) bools; NaN when all rows are of one sort.
    """
    pairs = int(positive.sum()) * int((~positive).sum())
    if not pairs:
        return float("nan")
    count = positive.sum()
    return float((rankdata(score)[positive].sum() - count * (count + 1) / 2) / pairs)


def _suspects(console: Console, rows: pl.DataFrame) -> Table:
    worst = rows.drop_nulls("label_quality").sort("label_quality", "key").head(SUSPECTS)
    in_colour = console.is_terminal and console.color_system and not console.no_color
    return _gallery(worst) if in_colour and "image" in worst.columns else _listing(worst)


def _listing(worst: pl.DataFrame) -> Table:
    table = Table(title="The worst suspects", title_justify="left", box=SIMPLE_HEAD)
    for name in ("key", "label", "suggested_label", "true_label"):
        table.add_column(name)
    for row in worst.iter_rows(named=True):
        words = (row["key"], row["label"], row["suggested_label"], _truth(row))
        table.add_row(*(_plain(word) for word in words))
    return table


def _gallery(worst: pl.DataFrame) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.title, grid.title_justify = "The worst suspects", "left"
    cells = [_card(row) for row in worst.iter_rows(named=True)]
    for start in range(0, len(cells), PER_ROW):
        grid.add_row(*cells[start : start + PER_ROW])
    return grid


def _card(row: dict[str, Any]) -> Group:
    """Put the given label, the one that fits and the truth below the picture."""
    lines = (("given", row["label"]), ("fits", row["suggested_label"]), ("true", _truth(row)))
    text = [
        Text(f"{name:<5} {_plain(word)}", overflow="ellipsis", no_wrap=True) for name, word in lines
    ]
    return Group(_pixels(row["image"]), *text, Text())


def _pixels(image: bytes) -> Pixels:
    picture = Image.open(io.BytesIO(image)).convert("RGB")
    small = picture.resize((PICTURE_CELLS, PICTURE_CELLS), Image.Resampling.LANCZOS)
    pixels: Pixels = Pixels.from_image(small)
    return pixels


def _truth(row: dict[str, Any]) -> str:
    return str(row["true_label"] or "no class")


def _plain(word: object) -> Text:
    return Text(printable(str(word)))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _mean(weights: pl.Series) -> str:
    mean = weights.mean()
    return f"{mean:.2f}" if isinstance(mean, float) else "-"
