"""Labels with one kind of noise only: python -m benchmarks.one_sided CRAWL TRUTH.

The same 2 x 2 mosaics at 20 to 80% of each kind. What heads say of images that they have not seen.
Jiang et al. 2020 have missing labels (Table 1), and labels taken for others, so that the true ones
are missing too (Table 2); beside these, wrong labels that are added to all the true ones.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import numpy as np
import typer
from rich import box
from rich.console import Console
from rich.table import Table

import curate
from benchmarks import heads
from benchmarks.mosaics import mosaics

Kind = Literal["missing", "added", "incorrect"]
KINDS: dict[Kind, str] = {
    "missing": "labels that are missing",
    "added": "labels that are wrongly given, beside all true ones",
    "incorrect": "labels that are wrongly given in the place of true ones",
}
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
    kind: Annotated[Kind | None, typer.Option(help="Default: each of them.")] = None,
    seeds: Annotated[int, typer.Option(help="How often; each verifies other rows.")] = 3,
) -> None:
    """Print how right each head's labels are, and the mAP of its classifier."""
    console = Console(width=160)
    for one in [kind] if kind else KINDS:
        table = Table("head", *(f"{share:.0%}" for share in SHARES), box=box.MARKDOWN)
        columns = [
            _column(crawl, truth, encoder, rows, (one, share), verified, seeds) for share in SHARES
        ]
        for number, name in enumerate(("given labels", *HEADS)):
            table.add_row(name, *(column[number] for column in columns))
        console.print(f"Only {KINDS[one]}; labels right, mAP; {verified:.0%} verified\n", table)


def _column(
    crawl: Path, truth: Path, encoder: str, rows: int, noise: tuple[Kind, float], verified: float,
    seeds: int,
) -> list[str]:  # fmt: skip
    """Return the cells of one kind and share of noise."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        missing, added, incorrect = (noise[1] * (kind == noise[0]) for kind in KINDS)
        mosaics(crawl, truth, folder, rows, missing, incorrect, added)
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
