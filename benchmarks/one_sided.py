"""Labels that are only missing, or only incorrect: python -m benchmarks.one_sided CRAWL TRUTH.

The same 2 x 2 mosaics at 20 to 80% of either kind of noise, as in Jiang et al. 2020, whose Tables 1
and 2 have missing and incorrect labels. What heads say of images that they have not seen.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table

import curate
from benchmarks import heads
from benchmarks.mosaics import mosaics

SHARES = (0.2, 0.4, 0.6, 0.8)
HEADS = ("noisy labels", "nmn, none verified", "nmn", "nmn:dependent", "nmn:two-stages")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def one_sided(
    crawl: Annotated[Path, typer.Argument(help="Parquet: key, image (bytes).")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label (null: left out).")],
    encoder: Annotated[str, typer.Option(help="As of curate weight.")],
    rows: Annotated[int, typer.Option(help="How many mosaics.")] = 6_000,
    verified: Annotated[float, typer.Option(help="Share that is verified.")] = 0.05,
    seeds: Annotated[int, typer.Option(help="How often; each verifies other rows.")] = 3,
) -> None:
    """Print how right each head's labels are, and the mAP of its classifier."""
    console = Console(width=160)
    for kind in ("missing", "incorrect"):
        table = Table("head", *(f"{share:.0%}" for share in SHARES), box=box.MARKDOWN)
        table.title = f"only {kind} labels; labels right, mAP; {verified:.0%} verified"
        columns = [
            _column(crawl, truth, encoder, rows, {kind: share}, verified, seeds) for share in SHARES
        ]
        for number, name in enumerate(("given labels", *HEADS)):
            table.add_row(name, *(column[number] for column in columns))
        console.print(table)


def _column(
    crawl: Path, truth: Path, encoder: str, rows: int, noise: dict[str, float], verified: float,
    seeds: int,
) -> list[str]:  # fmt: skip
    """Return the cells of one kind and share of noise."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        mosaics(crawl, truth, folder, rows, noise.get("missing", 0), noise.get("incorrect", 0))
        curate.weight(folder / "mosaics.parquet", encoder=encoder)
        weighted = folder / "mosaics.weighted.parquet"
        data = heads.read(weighted, folder / "truth.parquet")
    given = np.mean([heads.measure_given(data, verified, seed) for seed in range(seeds)])
    cells = [f"{given:.3f}"]
    for head in HEADS:
        found = [heads.measure(data, head, verified, seed)[:2] for seed in range(seeds)]
        cells.append(", ".join(f"{value:.3f}" for value in np.mean(found, axis=0)))
    return cells


if __name__ == "__main__":
    app()
