"""Clothing1M's protocol: weights from verified rows, training on the noisy rows, fine-tuning.

python -m benchmarks.clothing1m CRAWL TRUTH VALIDATION --embeddings CRAWL.npy VALIDATION.npy
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import torch
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import NO_CLASS, Crawl
from benchmarks.methods import Task, make_task
from benchmarks.methods.curate import weigh_task
from benchmarks.probe import Weight
from benchmarks.split import Embeddings, RunDir, Seeds, Split, Validation, read_split
from benchmarks.table import accuracy_cells
from curate.errors import CurateError

WIDTH = 150
"""Of the table when it is not printed in a terminal."""
PAPER = (
    "SINet, Table 8 (top-1): CleanNet 74.69 / 79.9, SINet 77.26 / 81.32, with 25,000 / 50,000"
    " verified rows. Hu, Table 4: noisy rows alike 68.94, verified rows alone 75.19."
)

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def clothing1m(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    validation: Validation,
    encoder: Annotated[str | None, typer.Option(help="As in curate weight.")] = None,
    embeddings: Embeddings = None,
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    share: Annotated[float, typer.Option(help="Of the rows that are verified.")] = 0.05,
    seeds: Seeds = 3,
    steps: Annotated[int, typer.Option(help="Batches before fine-tuning.")] = 4000,
    run_dir: RunDir = None,
    out: Annotated[Path, typer.Option(help="The table as JSON.")] = Path("clothing1m.json"),
) -> None:
    """Print the accuracy of classifiers trained on noisy rows, before and after fine-tuning.

    As SINet on Clothing1M (its Table 8): prototypes from the verified rows, weights of the noisy
    rows from these, training on the noisy rows alone, then fine-tuning on the verified rows. Beside
    it all noisy rows alike, and the verified rows alone. Deviates: a linear classifier on features.
    """
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        kept = run_dir or work / "run"
        split = read_split((crawl, validation), truth, encoder, embeddings, kept)
        verified = draw_verified(split.crawl, share)
        given = [split.crawl.names[label] for label in split.crawl.labels]
        task = make_task(work / "task", split.crawl.features, given, graph)
        table = write_verified(split.crawl, verified, work / "verified.parquet")
        noisy = noisy_weights(task, table, verified)
    known = with_verified(split, verified)
    trained = (verified & (split.crawl.true != NO_CLASS)).astype(np.float64)
    right = (~split.crawl.wrong).astype(np.float64)
    found = {
        name: known.score(weight, [steps], seeds, then=trained) for name, weight in noisy.items()
    }
    found["verified rows alone"] = known.score(trained, [steps], seeds)
    found["ceiling: all right labels"] = split.score(right, [steps], seeds)
    show(found, f"{crawl.name}, {verified.sum():,} rows verified; top-1 / top-5, {seeds} seeds")
    facts = {"command": shlex.join(["python", "-m", "benchmarks.clothing1m", *sys.argv[1:]])}
    accuracies = {name: accuracy.tolist() for name, accuracy in found.items()}
    out.write_text(json.dumps({**facts, "steps": steps, "accuracies": accuracies}, indent=1))


def draw_verified(crawl: Crawl, share: float) -> NDArray[np.bool_]:
    """Draw the rows that a person verifies, at random: (N,)."""
    if not 0 < share < 1:
        raise CurateError(f"--share {share}: give a share between 0 and 1, such as 0.05.")
    rows = np.random.default_rng(0).permutation(len(crawl.labels))
    verified = np.zeros(len(rows), bool)
    verified[rows[: max(round(share * len(rows)), 1)]] = True
    return verified


def write_verified(crawl: Crawl, verified: NDArray[np.bool_], path: Path) -> Path:
    """Write the verified rows' true labels, null for none of the classes, as a person would."""
    rows = np.flatnonzero(verified)
    names = [None if crawl.true[row] == NO_CLASS else crawl.names[crawl.true[row]] for row in rows]
    pl.DataFrame({"key": [str(row) for row in rows], "label": names}).write_parquet(path)
    return path


def noisy_weights(task: Task, table: Path, verified: NDArray[np.bool_]) -> dict[str, Weight]:
    """Give the weights (N,) of each way to train on the rows that nobody has verified."""
    ways: dict[str, dict[str, Any]] = {
        "weights, blind to verified rows": {},
        "weights, prototypes of verified rows only": {"verified": table, "verified_use": "only"},
        "weights, prototypes of all rows": {"verified": table},
    }
    found = {"all alike": np.ones(len(verified))}
    for name, options in ways.items():
        weight = pl.read_parquet(weigh_task(task, **options).out)["weight"]
        found[name] = weight.to_numpy().astype(np.float64)
    return {f"noisy rows, {name}": weight * ~verified for name, weight in found.items()}


def with_verified(split: Split, verified: NDArray[np.bool_]) -> Split:
    """Train the verified rows towards their true labels."""
    labels = torch.from_numpy(np.where(verified, split.crawl.true, split.crawl.labels)).long()
    return replace(split, training=replace(split.training, labels=labels))


def show(found: Mapping[str, NDArray[np.float64]], title: str) -> None:
    """Print a row for each way: accuracy, and accuracy after fine-tuning."""
    table = Table(box=box.MARKDOWN, title=title, title_justify="left")
    for heading in ("trained on", "accuracy", "fine-tuned on the verified rows"):
        table.add_column(heading, justify="left" if heading == "trained on" else "right")
    for name, accuracy in found.items():
        table.add_row(name, *accuracy_cells(accuracy))
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table)
    console.print(PAPER)


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
