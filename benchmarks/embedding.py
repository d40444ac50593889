"""`curate embed` against its bare parts, and big pictures against plain Pillow.

python -m benchmarks.embedding CRAWL --encoder onnx:model.onnx --rows 2000
"""

import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.apart import ROOT
from curate.encoders.base import Encoder
from curate.encoders.spec import open_encoder
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from prototypes.blocks import unit_rows

BIG = (4000, 3000)
"""12 megapixels."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def embedding(
    crawl: Annotated[Path, typer.Argument(help="Parquet: image (bytes), label.")],
    encoder: Annotated[str, typer.Option(help="As in curate embed.")] = "embedded",
    rows: Annotated[int, typer.Option(help="Only the first so many.")] = 2_000,
    big: Annotated[int, typer.Option(help="So many pictures of 12 megapixels.")] = 8,
) -> None:
    """Print CPU seconds of decoding, of encoding, and of the command that does both."""
    opened = open_encoder(encoder, "cpu")
    head = pl.scan_parquet(crawl).select("image", "label").head(rows).collect()
    images = head["image"]
    blobs = (images.struct.field("bytes") if images.dtype == pl.Struct else images).to_list()
    decoding, pictures = _timed(lambda: np.stack([decode(b, opened.preprocess) for b in blobs]))
    encoding, _ = _timed(lambda: encode(opened, pictures))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crawl.parquet"
        head.write_parquet(path)
        start = embed_seconds(path, encoder, 64)
        whole = embed_seconds(path, encoder, rows) - start
    console = Console(width=100)
    table = Table(box=box.MARKDOWN, title=f"{len(blobs):,} pictures, {encoder}")
    for heading in ("decoding CPU s", "encoding CPU s", "curate embed CPU s", "bare / embed"):
        table.add_column(heading, justify="right")
    bare = (decoding + encoding) * (1 - 64 / rows)
    table.add_row(f"{decoding:.1f}", f"{encoding:.1f}", f"{whole:.1f}", f"{bare / whole:.2f}")
    console.print(table)
    console.print(_big_table(opened, blobs, big))


def encode(encoder: Encoder, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Encode pictures (n, size, size, 3) that are in memory: (n, D)."""
    size = encoder.batch_size
    batches = (pictures[at : at + size] for at in range(0, len(pictures), size))
    return np.concatenate(list(encoder.encode(batches)))


def embed_seconds(path: Path, encoder: str, rows: int) -> float:
    """Run `curate embed` on the first rows, one decoder; CPU seconds of all its processes."""
    some = path.with_name(f"{rows}.parquet")
    pl.read_parquet(path).head(rows).write_parquet(some)
    command = ("embed", str(some), "--encoder", encoder, "--workers", "1", "--device", "cpu")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = "from cli import main; main()"
    subprocess.run([sys.executable, "-c", code, *command], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _big_table(encoder: Encoder, blobs: list[bytes], count: int) -> Table:
    """Compare decoding of big JPEGs with decoding all of each and then scaling it."""
    rng = np.random.default_rng(0)
    wanted = encoder.preprocess
    photos = [big_picture(blob, rng) for blob in blobs[:count]]
    ours, made = _timed(lambda: np.stack([decode(photo, wanted) for photo in photos]))
    theirs, plain = _timed(lambda: np.stack([plainly(photo, wanted) for photo in photos]))
    a, b = unit_rows(encode(encoder, made)), unit_rows(encode(encoder, plain))
    cosines = np.einsum("ij,ij->i", a, b)
    table = Table(box=box.MARKDOWN, title=f"{count} JPEGs of 12 megapixels")
    for heading in ("plain Pillow, CPU ms each", "curate", "times as fast", "least cosine",
                    "mean cosine"):  # fmt: skip
        table.add_column(heading, justify="right")
    table.add_row(
        f"{theirs / count * 1e3:.0f}", f"{ours / count * 1e3:.0f}", f"{theirs / ours:.1f}",
        f"{cosines.min():.4f}", f"{cosines.mean():.4f}",
    )  # fmt: skip
    return table


def big_picture(blob: bytes, rng: np.random.Generator) -> bytes:
    """Enlarge a picture to 12 megapixels, with a camera's grain."""
    image = Image.open(io.BytesIO(blob)).convert("RGB").resize(BIG, Image.Resampling.BICUBIC)
    grain = rng.normal(0, 4, (BIG[1], BIG[0], 1))
    pixels = np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "jpeg", quality=90)
    return file.getvalue()


def plainly(blob: bytes, wanted: Preprocess) -> NDArray[np.uint8]:
    """Decode all pixels, then scale them, or their centred square."""
    image = Image.open(io.BytesIO(blob)).convert("RGB")
    side, (width, height) = min(image.size), image.size
    left, top = (width - side) / 2, (height - side) / 2
    box: tuple[float, float, float, float] = (left, top, left + side, top + side)
    if wanted.resize == "squash":
        box = (0, 0, width, height)
    resampling = Image.Resampling[wanted.interpolation.upper()]
    return np.asarray(image.resize((wanted.size, wanted.size), resampling, box))


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    done = work()
    return time.process_time() - start, done


if __name__ == "__main__":
    app()
