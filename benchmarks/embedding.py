"""The embedding stage of `curate embed` against decoding alone and encoding alone.

python -m benchmarks.embedding CRAWL --encoder onnx:model.onnx --rows 1000
"""

import os
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import psutil
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.big_pictures import crawl_pictures, enlarged
from curate.encoders.base import Encoder
from curate.encoders.spec import open_encoder
from curate.features.embed import ENCODED, Encoding, Wanted
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.workers import DecodePool
from curate.manifest.open import open_manifest
from curate.manifest.plan import freeze_plan
from curate.options.columns import ColumnOptions
from curate.store.engine import stateless
from curate.store.run import open_run
from curate.store.step import KeptShards

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class NoNetwork:
    """An encoder that takes next to no time: some pixels of CLIP's usual input."""

    spec = fingerprint = "no network"
    preprocess = Preprocess(224)
    dim = 3
    batch_size = 64

    def encode(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Average a few pixels."""
        for batch in batches:
            yield batch[:, ::16, ::16].mean(axis=(1, 2), dtype=np.float32)


@dataclass(frozen=True)
class Spent:
    """What a piece of work took, in seconds."""

    wall: float
    undisturbed: float
    """Wall seconds, less those in which other work had the core that it was waiting for."""
    cpu: float


@app.command()
def embedding(
    crawl: Annotated[Path, typer.Argument(help="Parquet: image (bytes), label.")],
    encoder: Annotated[str, typer.Option(help="As in curate embed.")] = "embedded",
    rows: Annotated[int, typer.Option(help="Only the first so many.")] = 1_000,
    small: Annotated[int, typer.Option(help="So many where there is no network.")] = 4_000,
    big: Annotated[int, typer.Option(help="So many pictures of 12 megapixels.")] = 256,
    repeats: Annotated[int, typer.Option(help="The median counts.")] = 3,
) -> None:
    """Print seconds of decoding, of encoding, and of the stage with one decoder; Linux only.

    Set OMP_NUM_THREADS=1, so that the encoder has one thread.
    """
    opened, rng = open_encoder(encoder, "cpu"), np.random.default_rng(0)
    photos = [enlarged(blob, rng) for blob in crawl_pictures(crawl, 8)]
    table = Table(box=box.MARKDOWN)
    table.add_column("pictures", no_wrap=True)
    for heading in ("decoding s", "encoding s", "stage s", "slower / stage", "wall: slower s",
                    "stage s", "ratio", "CPU: both s", "stage s", "ratio"):  # fmt: skip
        table.add_column(heading, justify="right")
    for name, used, blobs in (
        (f"{rows:,}, {encoder.partition(':')[0]}", opened, crawl_pictures(crawl, rows)),
        (f"{small:,}, no network", NoNetwork(), crawl_pictures(crawl, small)),
        # What follows a JPEG's end is ignored, but Parquet would store equal ones once.
        (f"{big:,} of 12 MP", opened, [photos[i % len(photos)] + b"%d" % i for i in range(big)]),
    ):
        table.add_row(name, *compared(used, blobs, repeats))
    Console(width=140).print(table)


def compared(encoder: Encoder, blobs: Sequence[bytes], repeats: int) -> list[str]:
    """Take the stage and its parts by turns; return the figures of the table."""
    pictures = np.stack([decode(blob, encoder.preprocess) for blob in blobs])
    rounds = [_round(encoder, blobs, pictures) for _ in range(repeats)]
    parts = list(zip(*rounds, strict=True))
    undisturbed, wall, cpu = (
        [statistics.median(getattr(spent, of) for spent in part) for part in parts]
        for of in ("undisturbed", "wall", "cpu")
    )
    slower = max(undisturbed[:2])
    slower_wall = wall[undisturbed.index(slower)]
    figures = (
        *undisturbed, slower / undisturbed[2],
        slower_wall, wall[2], slower_wall / wall[2],
        sum(cpu[:2]), cpu[2], sum(cpu[:2]) / cpu[2],
    )  # fmt: skip
    return [f"{figure:.2f}" for figure in figures]


def _round(
    encoder: Encoder, blobs: Sequence[bytes], pictures: NDArray[np.uint8]
) -> tuple[Spent, Spent, Spent]:
    me = [_task_of_this_thread()]
    # Not kept: memory that each picture takes anew costs more than a tenth of decoding.
    decoding = _spent(lambda: deque((decode(b, encoder.preprocess) for b in blobs), maxlen=0), me)
    encoding = _spent(lambda: encode(encoder, pictures), me)
    return decoding, encoding, _stage(encoder, blobs, decoding.cpu > encoding.cpu)


def encode(encoder: Encoder, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Encode pictures (n, size, size, 3) that are in memory: (n, D)."""
    size = encoder.batch_size
    batches = (pictures[at : at + size] for at in range(0, len(pictures), size))
    return np.concatenate(list(encoder.encode(batches)))


def _stage(encoder: Encoder, blobs: Sequence[bytes], decoder_bound: bool) -> Spent:
    """Embed as `curate embed` does once it has begun, with one decoder process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.parquet"
        pl.DataFrame({"image": blobs, "label": ["a"] * len(blobs)}).write_parquet(path)
        with (
            open_run(Path(folder) / "run") as run,
            DecodePool(encoder.preprocess, 1, hashed=True) as pool,
        ):
            manifest = open_manifest(path, ColumnOptions(), None, run.step("rows"))
            shards = freeze_plan(manifest, run.step("plan"))
            kept = KeptShards(ENCODED, run.step("features"))
            encoding = Encoding(manifest, lambda: encoder, 1)
            wanted = [Wanted(shard, np.ones(shard.rows, bool), None) for shard in shards]
            opening = stateless(partial(encoding.embed, pool))
            list(pool.decode([None]))  # the worker has started
            workers = psutil.Process().children(recursive=True)
            tasks = [Path(f"/proc/{worker.pid}") for worker in workers]
            return _spent(
                lambda: kept.spread(wanted, opening, len(blobs)),
                tasks if decoder_bound else [_task_of_this_thread()],
                workers,
            )


def _spent(
    work: Callable[[], object], waiting: Sequence[Path], workers: Sequence[psutil.Process] = ()
) -> Spent:
    """Time a piece of work, which ``waiting`` hold up; its CPU time is this process's and theirs.

    waiting: folders of tasks in /proc.
    """
    delayed, start, cpu = _delay(waiting), time.perf_counter(), _cpu(workers)
    work()
    wall = time.perf_counter() - start
    return Spent(wall, wall - (_delay(waiting) - delayed), _cpu(workers) - cpu)


def _delay(tasks: Sequence[Path]) -> float:
    """Return the seconds that tasks have waited for a core (proc(5), schedstat)."""
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


def _cpu(workers: Sequence[psutil.Process]) -> float:
    return time.process_time() + sum(sum(worker.cpu_times()[:2]) for worker in workers)


def _task_of_this_thread() -> Path:
    return Path(f"/proc/{os.getpid()}/task/{threading.get_native_id()}")


if __name__ == "__main__":
    app()
