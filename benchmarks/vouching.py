"""Whether copies of wrong labels vouch for each other.

python -m benchmarks.vouching CRAWL TRUTH --embeddings X.npy --rows 8000

A tenth of the wrong rows gets 2 to 20 copies each, with the same wrong label. A good method finds
the wrong labels as well as without the copies. Copies are features that differ a little.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.metrics import auroc
from curate.commands.weight import weigh
from curate.options.weight import WeightOptions

COPIED = 0.1
"""Share of the wrong rows that are copied."""
FEWEST, MOST = 2, 20
"""Copies of each of them."""
NOISE = 0.02
"""By which a copy's features differ, relative to the mean size of a feature."""
UNKNOWN = 0.5
"""Quality of a label that is not judged."""


@dataclass(frozen=True)
class Planted:
    """A crawl with copies, which are its last rows."""

    rows: pl.DataFrame
    """key, label"""
    features: NDArray[np.float16]
    wrong: NDArray[np.bool_]
    """(n,): of the rows that are no copies."""
    copied: NDArray[np.int64]
    """(m,): the rows that have copies."""


def vouching(
    crawl: Annotated[Path, typer.Argument(help="Parquet with key and label.")],
    truth: Annotated[Path, typer.Argument(help="Parquet with key and true_label.")],
    embeddings: Annotated[Path, typer.Option(help=".npy, row for row.")],
    rows: Annotated[int, typer.Option(help="Rows that are drawn.")] = 8_000,
    seed: Annotated[int, typer.Option(help="Of the rows and the copies.")] = 0,
) -> None:
    """Print how well wrong labels are found without copies, with them, and told of them."""
    planted = plant(crawl, truth, np.load(embeddings, mmap_mode="r"), rows, seed)
    count = len(planted.wrong)
    table = Table("crawl", "copied wrong rows", "all rows", box=box.MARKDOWN)
    for name, length, blind in (
        ("without copies", count, False),
        ("with copies, `--no-duplicates`", len(planted.rows), True),
        ("with copies", len(planted.rows), False),
    ):
        quality = _quality(planted.rows[:length], planted.features[:length], blind)[:count]
        kept = ~planted.wrong
        kept[planted.copied] = True
        found = auroc(planted.wrong[kept], quality[kept]), auroc(planted.wrong, quality)
        table.add_row(name, *(f"{each:.4f}" for each in found))
    copies = len(planted.rows) - count
    console = Console(width=120)
    console.print(f"{count:,} rows, {planted.wrong.sum():,} wrong; {len(planted.copied):,} of these"
                  f" have {copies:,} copies. AUROC of label_quality:")  # fmt: skip
    console.print(table)


def plant(crawl: Path, truth: Path, features: NDArray[np.float16], rows: int, seed: int) -> Planted:
    """Draw rows, and copy some of the wrong ones."""
    rng = np.random.default_rng(seed)
    known = pl.read_parquet(truth, columns=["key", "true_label"])
    every = pl.read_parquet(crawl, columns=["key", "label"])
    every = every.join(known, on="key", how="left", maintain_order="left")
    at = np.sort(rng.choice(len(every), min(rows, len(every)), replace=False))
    drawn, x = every[at], np.asarray(features[at])
    wrong = (drawn["label"] != drawn["true_label"]).fill_null(True).to_numpy()
    places = np.flatnonzero(wrong)
    copied = np.sort(rng.choice(places, round(COPIED * len(places)), replace=False))
    source = np.repeat(copied, rng.integers(FEWEST, MOST + 1, len(copied)))
    near = x[source].astype(np.float32)
    near += NOISE * np.abs(near).mean() * rng.normal(size=near.shape).astype(np.float32)
    key = pl.col("key") + "-" + pl.int_range(pl.len()).cast(pl.String)
    drawn = drawn.select("key", "label")
    both = pl.concat([drawn, drawn[source].with_columns(key=key)])
    return Planted(both, np.concatenate([x, near.astype(np.float16)]), wrong, copied)


def _quality(rows: pl.DataFrame, features: NDArray[np.float16], blind: bool) -> NDArray[np.float32]:
    """Weigh a crawl; ``blind``: without looking for copies."""
    with tempfile.TemporaryDirectory() as folder:
        path, x = Path(folder, "crawl.parquet"), Path(folder, "x.npy")
        rows.write_parquet(path)
        np.save(x, features)
        options = WeightOptions(path, embeddings=x, graph="none", no_duplicates=blind)
        out = weigh(options, Console(stderr=True, quiet=True)).out
        quality = pl.read_parquet(out)["label_quality"]
        return quality.fill_null(UNKNOWN).to_numpy()


if __name__ == "__main__":
    typer.run(vouching)
