"""The shape of the SINet paper's Tables 1 to 5, on a crawl of one's own.

python -m benchmarks.ablation CRAWL VALIDATION --embeddings CRAWL.npy VALIDATION.npy [--table 2]
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.methods import Task, make_task
from benchmarks.methods.curate import weigh_task
from benchmarks.split import STEPS, Embeddings, RunDir, Seeds, Steps, Validation, read_split
from benchmarks.table import accuracy_table
from curate.errors import CurateError
from curate.options.graph import DEFAULT_TEXT_MODEL
from curate.options.shared import TextModel
from prototypes.options import CONSTANT, WEIGHTED
from prototypes.score.weights import sample_weight

CONFIDENT = 0.4
"""Share of each class, those of the greatest weight, that model B is trained on."""
WIDTH = 150
"""Of a table when it is not printed in a terminal."""


BASE = "text:description+wordnet"
"""CD + HW, the paper's best graph, with which its Tables 3 to 5 are made."""


@dataclass(frozen=True)
class Setting:
    """What a classifier is trained with."""

    model: str = "C"
    """The paper's A: all data, B: the high-confidence subset, C: weighted."""
    graph: str = ""
    """'': that of --graph."""
    prototypes: str = WEIGHTED
    alpha: float = 1.2
    beta: float = 1.5


TABLES = {
    1: ("model", {model: Setting(model) for model in "ABC"}),
    2: (
        "graph",
        {
            "none": Setting(graph="none"),
            "CN": Setting(graph="text:name"),
            "CD": Setting(graph="text:description"),
            "HW": Setting(graph="wordnet"),
            "CN + HW": Setting(graph="text:name+wordnet"),
            "CD + HW": Setting(graph=BASE),
        },
    ),
    3: (
        "prototypes",
        {kind: Setting(prototypes=kind) for kind in (CONSTANT, WEIGHTED)},
    ),
    4: ("α", {f"{alpha:.1f}": Setting(alpha=alpha) for alpha in (0.8, 1.0, 1.2, 1.4, 1.6)}),
    5: ("β", {f"{beta:.1f}": Setting(beta=beta) for beta in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0)}),
}
PAPER = {
    1: {"A": "51.05 / 74.94", "B": "47.81 / 72.08", "C": "55.57 / 78.34"},
    2: {
        "CN": "54.18 / 76.84",
        "CD": "55.63 / 78.15",
        "HW": "55.71 / 78.42",
        "CN + HW": "55.79 / 78.46",
        "CD + HW": "55.98 / 78.62",
    },
    3: {CONSTANT: "55.68 / 78.45", WEIGHTED: "55.98 / 78.62"},
    4: {
        "0.8": "53.25 / 76.24",
        "1.0": "55.43 / 78.31",
        "1.2": "55.98 / 78.62",
        "1.4": "55.76 / 78.48",
    },
    5: {
        "1.0": "55.68 / 78.45",
        "1.5": "55.98 / 78.62",
        "2.0": "55.82 / 78.56",
        "2.5": "55.35 / 78.24",
    },
}
"""Top-1 / top-5 in percent on WebVision 2.0, validation: Tables 1 to 5 of arXiv 2008.11586."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def ablation(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    validation: Validation,
    encoder: Annotated[str | None, typer.Option(help="As in curate weight.")] = None,
    embeddings: Embeddings = None,
    base: Annotated[
        str, typer.Option("--graph", help="Of all tables but 2, as in curate weight.")
    ] = BASE,
    text_model: TextModel = DEFAULT_TEXT_MODEL,
    tables: Annotated[
        list[int] | None, typer.Option("--table", help="Default: all of 1 to 5.")
    ] = None,
    seeds: Seeds = 3,
    steps: Steps = STEPS,
    run_dir: RunDir = None,
    out: Annotated[Path, typer.Option(help="The tables as JSON.")] = Path("ablation.json"),
) -> None:
    """Print the accuracy of classifiers trained with the weights of each setting."""
    wanted = _chosen(tables)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        split = read_split((crawl, validation), None, encoder, embeddings, run_dir or work / "run")
        given = [split.crawl.names[label] for label in split.crawl.labels]
        task = make_task(work / "task", split.crawl.features, given, "none")
        distances = cache(lambda graph, kind: distance(task, graph or base, kind, text_model))

        @cache
        def score(setting: Setting) -> NDArray[np.float64]:
            away = distances(setting.graph, setting.prototypes)
            return split.score(weights(setting, away, split.crawl.labels), steps, seeds)

        found = {(n, name): score(s) for n in wanted for name, s in TABLES[n][1].items()}
    show(found, steps, f"{crawl.name}, {seeds} seeds")
    facts = {"command": shlex.join(["python", "-m", "benchmarks.ablation", *sys.argv[1:]])}
    rows = {f"{number}: {name}": accuracy.tolist() for (number, name), accuracy in found.items()}
    out.write_text(json.dumps({**facts, "steps": steps, "accuracies": rows}, indent=1))


def _chosen(tables: Sequence[int] | None) -> list[int]:
    for number in tables or ():
        if number not in TABLES:
            raise CurateError(f"--table {number} is none of 1 to {len(TABLES)}.")
    return sorted(tables or TABLES)


def distance(task: Task, graph: str, prototypes: str, text_model: str) -> NDArray[np.float32]:
    """Weigh the task's crawl; return the distance (N,) of Eq. 6."""
    chosen = replace(task, graph=graph)
    weighed = weigh_task(chosen, prototypes=prototypes, text_model=text_model)
    return pl.read_parquet(weighed.out)["distance"].to_numpy()


def weights(
    setting: Setting, distance: NDArray[np.float32], labels: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Turn distances (N,) into the weights of a setting (N,)."""
    if setting.model == "A":
        return np.ones_like(distance)
    if setting.model == "B":
        return confident(distance, labels).astype(np.float32)
    return sample_weight(distance, setting.alpha, setting.beta)


def confident(distance: NDArray[np.float32], labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell the nearest share CONFIDENT of each class (N,), at least one."""
    order = np.lexsort((distance, labels))
    sizes = np.bincount(labels)
    rank = np.empty(len(labels), np.int64)
    rank[order] = np.arange(len(labels)) - (np.cumsum(sizes) - sizes)[labels[order]]
    return np.asarray(rank < np.maximum(CONFIDENT * sizes, 1)[labels])


def show(
    found: dict[tuple[int, str], NDArray[np.float64]], steps: Sequence[int], what: str
) -> None:
    """Print each table of accuracies (seeds, steps, 2), beside the paper's numbers."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    for number in dict.fromkeys(number for number, _ in found):
        heading, settings = TABLES[number]
        theirs = PAPER[number]
        rows = [((name, theirs.get(name, "")), found[number, name]) for name in settings]
        title = f"Table {number}: {what}; top-1 / top-5"
        console.print(accuracy_table(title, [heading, "paper"], rows, steps))


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
