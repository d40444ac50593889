"""What cleaning is worth to a classifier that is trained on the crawl.

python -m benchmarks.training CRAWL TRUTH VALIDATION --embeddings CRAWL.npy VALIDATION.npy
"""

import json
import shlex
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.methods import Task, make_task
from benchmarks.methods.curate import weigh_task
from benchmarks.methods.curriculumnet import judge
from benchmarks.probe import Weight
from benchmarks.split import (
    STEPS,
    Embeddings,
    Noise,
    RunDir,
    Seeds,
    Split,
    Steps,
    Validation,
    read_split,
)
from benchmarks.table import accuracy_table
from curate.errors import CurateError

CLEANLAB = "cleanlab: not find_label_issues"
WIDTH = 150
"""Of the table when it is not printed in a terminal."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def training(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label, noise_type.")],
    validation: Validation,
    encoder: Annotated[str | None, typer.Option(help="As in curate weight.")] = None,
    embeddings: Embeddings = None,
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    predictions: Annotated[
        Path | None,
        typer.Option(help="Keeps what cleanlab is told, and is taken for it if it is there: .npz."),
    ] = None,
    cleanlab: Annotated[bool, typer.Option(help="Its predictions take the longest.")] = True,
    noise: Noise = None,
    seeds: Seeds = 3,
    steps: Steps = STEPS,
    run_dir: RunDir = None,
    out: Annotated[Path, typer.Option(help="The table as JSON.")] = Path("training.json"),
) -> None:
    """Print the accuracy of classifiers trained on what each method makes of the crawl."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        kept = run_dir or work / "run"
        split = read_split((crawl, validation), truth, encoder, embeddings, kept, noise)
        given = [split.crawl.names[label] for label in split.crawl.labels]
        task = make_task(work / "task", split.crawl.features, given, graph)
        weights = {
            "all labels": np.ones(len(given)),
            **curate_weights(task),
            "curriculumnet: not its farthest subset": (~judge(task).flag).astype(float),
            **({CLEANLAB: _cleanlab_kept(task, predictions)} if cleanlab else {}),
            "ceiling: right labels only": (~split.crawl.wrong).astype(float),
        }
    rows = [
        ((name, *shares(weight, split.crawl.wrong)), split.score(weight, steps, seeds))
        for name, weight in weights.items()
    ]
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    title = f"{crawl.name}: top-1 / top-5 on {_count(split)} clean images, {seeds} seeds"
    console.print(accuracy_table(title, ["trained on", "rows", "right"], rows, steps))
    facts = {"command": shlex.join(["python", "-m", "benchmarks.training", *sys.argv[1:]])}
    found = {cells[0]: accuracy.tolist() for cells, accuracy in rows}
    out.write_text(json.dumps({**facts, "steps": steps, "accuracies": found}, indent=1))


def curate_weights(task: Task) -> dict[str, NDArray[np.float64]]:
    """Weigh the task's crawl; give the ways to train on what curate says, as weights (N,)."""
    rows = pl.read_parquet(weigh_task(task).out)
    agrees = (pl.col("suggested_label") == pl.col("label")).fill_null(True)  # not judged
    quality, issue = pl.col("label_quality"), pl.col("is_label_issue")
    ways = rows.select(
        (pl.col("weight")).alias("curate: weight"),
        (pl.col("weight") * agrees).alias("curate: weight × (suggested = given)"),
        quality.fill_null(quality.mean()).alias("curate: label_quality"),
        (~issue).alias("curate: not is_label_issue"),
    )
    return {way.name: way.to_numpy().astype(np.float64) for way in ways}


def _cleanlab_kept(task: Task, predictions: Path | None) -> NDArray[np.float64]:
    from benchmarks.methods.cleanlab import kept_rows

    return kept_rows(task, predictions).astype(np.float64)


def shares(weight: Weight, wrong: NDArray[np.bool_]) -> tuple[str, str]:
    """Give the share of rows that have a weight, and the share of all weight on right labels."""
    return f"{(weight > 0).mean():.3f}", f"{weight[~wrong].sum() / weight.sum():.3f}"


def _count(split: Split) -> str:
    return f"{len(split.validation.labels):,}"


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
