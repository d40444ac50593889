"""What starting costs: `curate --help`, and `curate weight` of a crawl so small that it is all.

python -m benchmarks.startup
"""

import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.apart import ROOT

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
DIM = 512

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def startup(
    rows: Annotated[int, typer.Option(help="Of the crawl, in ten classes.")] = 1_000,
    runs: Annotated[int, typer.Option(help="Each in a new process; the median counts.")] = 5,
) -> None:
    """Print CPU and wall seconds of whole commands, interpreter and imports included."""
    table = Table(box=box.MARKDOWN)
    table.add_column("command")
    for heading in ("CPU s", "wall s", "least CPU s", "least wall s"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder:
        weight = weight_command(Path(folder), rows)
        kept = Path(folder) / "kept"
        spent([*weight, "--run-dir", str(kept)])
        for name, command in {
            "--help": ["--help"],
            "weight (WordNet)": weight,
            "weight, the same again": [*weight, "--run-dir", str(kept)],
            "weight --graph none": [*weight, "--graph", "none"],
        }.items():
            cpu, wall = zip(*(fresh(command, Path(folder)) for _ in range(runs)), strict=True)
            figures = (statistics.median(cpu), statistics.median(wall), min(cpu), min(wall))
            table.add_row(name, *(f"{figure:.2f}" for figure in figures))
    Console(width=100).print(table)


def weight_command(folder: Path, rows: int) -> list[str]:
    """Write a crawl with its embeddings; return what weighs it."""
    rng = np.random.default_rng(0)
    labels = rng.integers(len(CLASSES), size=rows)
    centres = rng.standard_normal((len(CLASSES), DIM), np.float32)
    np.save(folder / "x.npy", centres[labels] + rng.standard_normal((rows, DIM), np.float32))
    crawl = folder / "crawl.parquet"
    pl.DataFrame({"label": np.array(CLASSES)[labels]}).write_parquet(crawl)
    return ["weight", str(crawl), "--embeddings", str(folder / "x.npy"), "--overwrite"]


def fresh(command: list[str], folder: Path) -> tuple[float, float]:
    """Run a command as if for the first time, but for a run folder that it names."""
    shutil.rmtree(folder / "crawl.parquet.curate", ignore_errors=True)
    return spent(command)


def spent(command: list[str]) -> tuple[float, float]:
    """Run curate in a process of its own; return its CPU and its wall seconds."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    code = "from cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, check=True, capture_output=True
    )
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, end - start


if __name__ == "__main__":
    app()
