"""From stored embeddings to weights: time against the bare products, and memory, as N grows.

python -m benchmarks.weights --rows 1000000 --rows 4000000 --classes 1000
"""

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import polars as pl
import typer
from rich import box
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from benchmarks.apart import Cost, weigh_apart
from benchmarks.methods.curate import WEIGHTED
from benchmarks.metrics import auroc
from benchmarks.products import Product, bare_products
from benchmarks.synthetic import write_crawl
from curate.errors import CurateError

WIDTH = 140

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Measured:
    """What `curate weight` took for N rows, and what its products take by themselves."""

    rows: int
    classes: int
    dim: int
    cost: Cost
    products_cpu: float
    """CPU seconds of all products ..."""
    products: float
    """... and seconds by the clock."""
    auroc: float


@app.command()
def weights(
    rows: Annotated[list[int], typer.Option(help="N; again for another.")],
    classes: Annotated[int, typer.Option(help="C")] = 1_000,
    dim: Annotated[int, typer.Option(help="D")] = 512,
    threads: Annotated[int, typer.Option(help="Of curate and of the bare products.")] = 1,
    device: Annotated[str, typer.Option(help="Of curate; the products stay on the CPU.")] = "cpu",
    scratch: Annotated[Path | None, typer.Option(help="Where crawls are written.")] = None,
) -> None:
    """Print time, memory and AUROC of `curate weight` on synthetic crawls."""
    console = Console(width=WIDTH)
    found = []
    for n in rows:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            found.append(measure_weights(Path(folder), n, classes, dim, threads, device))
    console.print(weights_table(found))


def measure_weights(
    folder: Path, rows: int, classes: int, dim: int, threads: int, device: str
) -> Measured:
    """Weigh a crawl in a process of its own, and time the products before and after."""
    crawl = write_crawl(folder / "crawl", rows, classes, dim)
    with threadpool_limits(threads):
        before = bare_products(classes, dim)
    cost = weigh_apart(crawl.task, threads, device)
    with threadpool_limits(threads):
        after = bare_products(classes, dim)
    weighted = pl.read_parquet(crawl.task.folder / WEIGHTED, columns=["label_quality"])
    quality = auroc(crawl.wrong, weighted["label_quality"].to_numpy())
    both: list[Product] = [*before, *after]
    cpu = rows * sum(product.cpu_seconds for product in both) / 2
    clock = rows * sum(product.seconds for product in both) / 2
    return Measured(rows, classes, dim, cost, cpu, clock, quality)


def weights_table(found: Sequence[Measured]) -> Table:
    """Lay out a row for each N."""
    table = Table(box=box.MARKDOWN, title="curate weight --embeddings", title_justify="left")
    for heading in ("N", "C", "D", "products CPU s", "curate CPU s", "ratio", "products wall s",
                    "curate wall s", "ratio", "peak MB", "GPU MB", "AUROC"):  # fmt: skip
        table.add_column(heading, justify="right")
    for m in found:
        cost = m.cost
        table.add_row(
            f"{m.rows:,}", f"{m.classes:,}", f"{m.dim}", f"{m.products_cpu:,.1f}",
            f"{cost.cpu_seconds:,.1f}", f"{cost.cpu_seconds / m.products_cpu:.2f}",
            f"{m.products:,.1f}", f"{cost.seconds:,.1f}", f"{cost.seconds / m.products:.2f}",
            f"{cost.peak_bytes / 1e6:,.0f}", f"{cost.gpu_bytes / 1e6:,.0f}", f"{m.auroc:.3f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
