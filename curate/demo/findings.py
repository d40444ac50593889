"""Show what was found in the demo crawl: the weighted manifest compared with the truth."""

import os
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from rich.text import Text
from scipy.stats import rankdata

from curate.demo.crawl import NOISE_SHARES
from curate.inspect.gallery import Card, show_cards
from curate.inspect.terminal_pictures import Pictures, choose_pictures

SUSPECTS = 6


def show_findings(console: Console, weighted: Path, truth: Path) -> None:
    """Print how much of each kind of noise was found, how precisely, and the worst suspects.

    ``weighted`` is the manifest that ``curate weight`` wrote for the crawl of
    ``make_crawl``, ``truth`` the file beside that crawl; both are joined on ``key``.
    """
    rows = pl.read_parquet(weighted).join(pl.read_parquet(truth), on="key", how="inner")
    console.print(_by_kind(rows))
    console.print()
    console.print(_overall(rows))
    _show_suspects(console, rows)


def _by_kind(rows: pl.DataFrame) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("What was found")
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

    ``score`` (n,) floats and ``positive`` (n,) bools; NaN if all rows are of one kind.
    """
    pairs = int(positive.sum()) * int((~positive).sum())
    if not pairs:
        return float("nan")
    count = positive.sum()
    return float((rankdata(score)[positive].sum() - count * (count + 1) / 2) / pairs)


def _show_suspects(console: Console, rows: pl.DataFrame) -> None:
    worst = rows.drop_nulls("label_quality").sort("label_quality", "key").head(SUSPECTS)
    cards = [
        Card(
            row.get("image"),
            {
                "given": row["label"],
                "fits": row["suggested_label"],
                "true": row["true_label"] or "no class",
            },
        )
        for row in worst.iter_rows(named=True)
    ]
    kind = choose_pictures(Pictures.AUTO, console, os.environ)
    show_cards(console, "The worst suspects", cards, kind)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _mean(weights: pl.Series) -> str:
    mean = weights.mean()
    return f"{mean:.2f}" if isinstance(mean, float) else "-"
