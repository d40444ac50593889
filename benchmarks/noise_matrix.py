"""The estimated noise matrix against the true one: curate and cleanlab on the same features.

python -m benchmarks.noise_matrix CRAWL TRUTH --embeddings FEATURES.npy
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from cleanlab.count import compute_confident_joint
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import Crawl, read_crawl, some_rows
from benchmarks.methods import Task, curate, make_task
from benchmarks.methods.regression import predict
from curate.errors import CurateError
from curate.options.weight import WeightOptions
from curate.weighted.noise_matrix import NOISE_MATRIX
from prototypes.engine.blocks import unit_rows

Matrix = NDArray[np.float64]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def noise_matrix(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    embeddings: Annotated[Path, typer.Option(help="Features in the crawl's row order.")],
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    rows: Annotated[int | None, typer.Option(help="Only so many rows, drawn at random.")] = None,
) -> None:
    """Print how far each estimate lies from the truth, for p(given | true) and p(true | given)."""
    with tempfile.TemporaryDirectory() as folder:
        work, options = Path(folder), WeightOptions(crawl, embeddings=embeddings)
        seen = read_crawl(crawl, truth, options, work / "run", Console(stderr=True))
        if rows is not None:
            seen = some_rows(seen, rows, np.random.default_rng(0))
        given = [seen.names[label] for label in seen.labels]
        task = make_task(work / "task", seen.features, given, graph)
        estimates = {"curate": by_curate(task, seen), "cleanlab": by_cleanlab(task)}
    true = joint(seen.labels, seen.true, len(seen.names))
    table = Table("method", "condition", "diagonal", "total variation", "noise", box=box.MARKDOWN)
    for method, estimate in estimates.items():
        noise = 1 - np.trace(estimate) / estimate.sum()
        for condition, (diagonal, variation) in distances(estimate, true).items():
            table.add_row(method, condition, f"{diagonal:.3f}", f"{variation:.3f}", f"{noise:.3f}")
    Console().print(f"{crawl.name}: {len(given):,} rows, {seen.wrong.mean():.3f} wrong", table)


def by_curate(task: Task, crawl: Crawl) -> Matrix:
    """Read the counts that `curate weight` leaves in its run folder: (C, C + 1)."""
    curate.judge(task)
    table = pl.read_parquet(task.folder / "run" / NOISE_MATRIX)
    position = {name: at for at, name in enumerate(crawl.names)}
    counts = np.zeros((len(position), len(position) + 1))
    for given, true, count in table.select("given", "true", "count").iter_rows():
        counts[position[given], position.get(true, -1)] = count
    return counts


def by_cleanlab(task: Task) -> Matrix:
    """Estimate the joint as cleanlab does, which knows no image outside of the classes."""
    labels = task.labels
    estimate = compute_confident_joint(labels, predict(unit_rows(task.features), labels))
    return np.column_stack([estimate, np.zeros(len(estimate))]).astype(np.float64)


def joint(given: NDArray[np.int32], true: NDArray[np.int32], classes: int) -> Matrix:
    """Count given against true: (C, C + 1), the last column for none of the classes."""
    counts = np.zeros((classes, classes + 1))
    np.add.at(counts, (given, true), 1)
    return counts


def distances(estimate: Matrix, true: Matrix) -> dict[str, tuple[float, float]]:
    """Return by condition the mean absolute error of the diagonal and the mean total variation."""
    found = {}
    for condition, a, b in (
        ("p(given | true)", estimate[:, :-1].T, true[:, :-1].T),
        ("p(true | given)", estimate, true),
    ):
        p, q = (m / np.maximum(m.sum(axis=1, keepdims=True), 1) for m in (a, b))
        diagonal = float(np.abs(np.diag(p) - np.diag(q)).mean())
        found[condition] = (diagonal, float(np.abs(p - q).sum(axis=1).mean() / 2))
    return found


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
