"""Finding wrong labels: curate, cleanlab and methods by neighbours on the same features.

python -m benchmarks.detection CRAWL TRUTH --embeddings FEATURES.npy [--add-noise KIND RATE]
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from benchmarks.apart import run_apart
from benchmarks.crawl import Crawl, read_crawl, some_classes, some_rows
from benchmarks.measure import measure
from benchmarks.methods import METHODS, make_task
from benchmarks.noise import KINDS, add_noise
from benchmarks.table import results_table
from curate.errors import CurateError
from curate.options.weight import WeightOptions

WIDTH = 150
"""Of the table when it is not printed in a terminal."""
LIBRARIES = ("curate", "numpy", "scikit-learn", "cleanlab")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def detection(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[
        Path | None,
        typer.Argument(help="Parquet: key, true_label, noise_type. None: all labels are right."),
    ] = None,
    encoder: Annotated[str | None, typer.Option(help="As in curate weight.")] = None,
    embeddings: Annotated[
        Path | None, typer.Option(help="Features in the crawl's row order: a .npy file or folder.")
    ] = None,
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    classes: Annotated[
        int | None, typer.Option(help="Only so many given classes, drawn at random.")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Only so many rows, drawn at random.")] = None,
    noise: Annotated[
        tuple[str, float] | None,
        typer.Option(
            "--add-noise",
            help=f"KIND RATE: leave the wrong rows out, then make this share wrong:"
            f" {', '.join(KINDS)}.",
        ),
    ] = None,
    methods: Annotated[
        list[str] | None, typer.Option("--method", help=f"Default: all of {', '.join(METHODS)}.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the classes, rows and noise that are drawn.")] = 0,
    threads: Annotated[int, typer.Option(help="Threads of each method.")] = 2,
    run_dir: Annotated[
        Path | None, typer.Option(help="Keeps what --encoder has encoded. Default: nothing does.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The table as JSON.")] = Path("detection.json"),
) -> None:
    """Print how well each method finds wrong labels, with its time and memory."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    if unknown := set(methods or ()) - set(METHODS):
        raise CurateError(f"--method {min(unknown)} is none of {', '.join(METHODS)}.")
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        chosen = WeightOptions(crawl, encoder=encoder, embeddings=embeddings, graph=graph)
        seen = read_crawl(crawl, truth, chosen, run_dir or work / "run", Console(stderr=True))
        if classes is not None:
            seen = some_classes(seen, classes, rng)
        if rows is not None:
            seen = some_rows(seen, rows, rng)
        if noise is not None:
            seen = add_noise(seen, *noise, rng)
        results = compare(seen, methods or METHODS, graph, threads, work / "task")
    facts = _facts(seen, crawl, embeddings or encoder, graph)
    console.print(results_table(results, facts))
    out.write_text(json.dumps({**facts, "results": results}, indent=1))


def compare(
    crawl: Crawl, methods: Sequence[str], graph: str, threads: int, folder: Path
) -> list[dict[str, Any]]:
    """Let each method judge the crawl, in a process of its own; a dict for each of its scores."""
    if not 0 < crawl.wrong.mean() < 1:
        raise CurateError("There are no wrong labels, or no right ones: give TRUTH or --add-noise.")
    given = [crawl.names[label] for label in crawl.labels]
    task = make_task(folder, crawl.features, given, graph)
    results = []
    for method in methods:
        judgement, cost = run_apart(method, task, threads)
        rows = measure(method, judgement, crawl)
        rows[0] |= asdict(cost)
        results += rows
    return results


def _facts(crawl: Crawl, manifest: Path, features: object, graph: str) -> dict[str, Any]:
    return {
        "command": shlex.join(["python", "-m", "benchmarks.detection", *sys.argv[1:]]),
        "crawl": manifest.name,
        "features": str(features),
        "rows": len(crawl.labels),
        "classes": len(crawl.names),
        "class_names": crawl.names,
        "noise": float(crawl.wrong.mean()),
        "graph": graph,
        "versions": {library: version(library) for library in LIBRARIES},
    }


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
