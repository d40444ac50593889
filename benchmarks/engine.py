"""What Ray adds: `curate weight` on this machine, and on a Ray of two nodes of one core each.

python -m benchmarks.engine --rows 1000000 --pictures 10000
"""

import filecmp
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.synthetic import write_crawl

SIDE = 224
NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 200 * 2**20}
Words = list[str | Path]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def engine(
    rows: Annotated[int, typer.Option(help="Of stored embeddings.")] = 1_000_000,
    pictures: Annotated[int, typer.Option(help="That are embedded.")] = 10_000,
    classes: Annotated[int, typer.Option(help="C")] = 1_000,
    encoder: Annotated[str, typer.Option(help="Of the pictures.")] = "embedded",
) -> None:
    """Print what both took by the clock, and whether they wrote the same bytes."""
    table = Table(box=box.MARKDOWN, title="curate weight, two cores", title_justify="left")
    for heading in ("crawl", "here: seconds", "Ray: seconds", "ratio", "same bytes"):
        table.add_column(heading, justify="right")
    with tempfile.TemporaryDirectory() as folder, _ray() as address:
        for title, words in _crawls(Path(folder), rows, pictures, classes, encoder):
            here, there = (_weigh(words, more) for more in ([], ["--engine", f"ray:{address}"]))
            (a, one), (b, other) = here, there
            same = filecmp.cmp(one, other, shallow=False)
            table.add_row(title, f"{a:.1f}", f"{b:.1f}", f"{b / a:.2f}", str(same))
    Console(width=120).print(table)


@contextmanager
def _ray() -> Iterator[str]:
    """Start a Ray of two nodes, and give its address."""
    from ray.cluster_utils import Cluster

    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_raylet_start_wait_time_s": "120",
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }
    start: Callable[..., Any] = Cluster
    nodes = start(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    nodes.add_node(**NODE)
    nodes.wait_for_nodes()
    yield str(nodes.address)
    nodes.shutdown()


def _crawls(
    folder: Path, rows: int, pictures: int, classes: int, encoder: str
) -> Iterator[tuple[str, Words]]:
    if rows:
        task = write_crawl(folder / "stored", rows, classes, 512).task
        yield f"{rows:,} stored", [task.manifest, "--embeddings", task.embeddings]
    if pictures:
        path = folder / "pictures" / "crawl.parquet"
        path.parent.mkdir()
        rng = np.random.default_rng(0)
        labels = [f"class {n}" for n in rng.integers(0, 10, pictures)]
        images = [_noise(rng) for _ in range(pictures)]
        pl.DataFrame({"image": images, "label": labels}).write_parquet(path, row_group_size=2_048)
        more: Words = ["--graph", "none", "--no-duplicates", "--encoder", encoder]
        yield f"{pictures:,} pictures", [path, *more]


def _noise(rng: np.random.Generator) -> bytes:
    file = io.BytesIO()
    small = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(small).resize((SIDE, SIDE)).save(file, "jpeg", quality=90)
    return file.getvalue()


def _weigh(words: Words, more: list[str]) -> tuple[float, Path]:
    """Weigh afresh; returns seconds by the clock, and a copy of the output."""
    manifest, *options = words
    out = Path(manifest).with_name("weighted.parquet")
    shutil.rmtree(Path(manifest).with_name(f"{Path(manifest).name}.curate"), ignore_errors=True)
    command = ["weight", manifest, *options, "--out", out, "--overwrite", "--device", "cpu", *more]
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "curate", *map(str, command)],
        env={**os.environ, "OMP_NUM_THREADS": "1" if more else "2"},
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    spent = time.perf_counter() - start
    copy = out.with_name("ray.parquet" if more else "here.parquet")
    shutil.copy(out, copy)
    return spent, copy


if __name__ == "__main__":
    app()
