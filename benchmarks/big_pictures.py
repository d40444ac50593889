"""Decoding of 12-megapixel JPEGs against plain Pillow: time, and what an encoder makes of both.

python -m benchmarks.big_pictures CRAWL --encoder onnx:model.onnx
"""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich import box
from rich.console import Console
from rich.table import Table

from curate.encoders.base import Encoder
from curate.encoders.spec import open_encoder
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from prototypes.engine.blocks import unit_rows

SIDES = (4000, 3000)
"""12 megapixels."""
GRAIN = 4.0
"""Deviation of a camera's noise, of 255."""
TILE = 250
STROKES = 20_000

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def big_pictures(
    crawl: Annotated[Path, typer.Argument(help="Parquet: image (bytes).")],
    encoder: Annotated[str, typer.Option(help="As in curate embed.")] = "embedded",
    count: Annotated[int, typer.Option(help="Pictures of each kind.")] = 8,
) -> None:
    """Print CPU milliseconds a picture, and cosines of features to those of the plain way."""
    opened, rng = open_encoder(encoder, "cpu"), np.random.default_rng(0)
    blobs = crawl_pictures(crawl, 16 * count)
    kinds = {
        "crawl pictures enlarged, with grain": [enlarged(b, rng) for b in blobs[::16]],
        "crawl pictures side by side": [mosaic(blobs, rng) for _ in range(count)],
        "random strokes": [strokes(rng) for _ in range(count)],
        "noise, 1/f": [pink_noise(rng) for _ in range(count)],
    }
    table = Table(box=box.MARKDOWN)
    table.add_column(f"for {opened.preprocess.size} pixels", no_wrap=True)
    for heading in ("MB", "plain Pillow, ms", "curate, ms", "times as fast", "least cosine",
                    "mean cosine"):  # fmt: skip
        table.add_column(heading, justify="right")
    for kind, photos in kinds.items():
        table.add_row(kind, *_compared(opened, photos))
    Console(width=120).print(table)


def crawl_pictures(crawl: Path, count: int) -> list[bytes]:
    """Read the first so many pictures of a crawl."""
    images = pl.scan_parquet(crawl).select("image").head(count).collect()["image"]
    blobs: list[bytes] = (
        images.struct.field("bytes") if images.dtype == pl.Struct else images
    ).to_list()
    return blobs


def _compared(encoder: Encoder, photos: list[bytes]) -> list[str]:
    wanted = encoder.preprocess
    ours, made = _timed(decode, photos, wanted)
    theirs, plain = _timed(plainly, photos, wanted)
    (a,), (b,) = encoder.encode([made]), encoder.encode([plain])
    cosines = np.einsum("ij,ij->i", unit_rows(a), unit_rows(b))
    return [
        f"{np.mean([len(photo) for photo in photos]) / 1e6:.1f}",
        f"{theirs * 1e3:.0f}", f"{ours * 1e3:.0f}", f"{theirs / ours:.1f}",
        f"{cosines.min():.4f}", f"{cosines.mean():.4f}",
    ]  # fmt: skip


def _timed(
    way: Callable[[bytes, Preprocess], NDArray[np.uint8]], photos: list[bytes], wanted: Preprocess
) -> tuple[float, NDArray[np.uint8]]:
    """Return CPU seconds a picture, the median, and the pictures."""
    spent, made = [], []
    for photo in photos:
        start = time.process_time()
        made.append(way(photo, wanted))
        spent.append(time.process_time() - start)
    return float(np.median(spent)), np.stack(made)


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


def enlarged(blob: bytes, rng: np.random.Generator) -> bytes:
    """Enlarge a picture to 12 megapixels, with a camera's grain."""
    image = Image.open(io.BytesIO(blob)).convert("RGB").resize(SIDES, Image.Resampling.BICUBIC)
    grain = rng.normal(0, GRAIN, (SIDES[1], SIDES[0], 1))
    return _jpeg(np.asarray(image) + grain)


def mosaic(blobs: list[bytes], rng: np.random.Generator) -> bytes:
    """Lay pictures, each far smaller than the whole, side by side."""
    canvas = Image.new("RGB", SIDES)
    for left in range(0, SIDES[0], TILE):
        for top in range(0, SIDES[1], TILE):
            picture = Image.open(io.BytesIO(blobs[rng.integers(len(blobs))])).convert("RGB")
            canvas.paste(picture.resize((TILE, TILE), Image.Resampling.BICUBIC), (left, top))
    return _jpeg(np.asarray(canvas))


def strokes(rng: np.random.Generator) -> bytes:
    """Draw lines of all colours, 1 to 8 pixels wide."""
    canvas = Image.new("RGB", SIDES)
    draw = ImageDraw.Draw(canvas)
    ends = rng.integers(0, SIDES, (STROKES, 2))
    turns, colours = rng.integers(-120, 120, (STROKES, 2)), rng.integers(0, 256, (STROKES, 3))
    for end, turn, colour in zip(ends, turns, colours, strict=True):
        draw.line((*end, *(end + turn)), tuple(colour.tolist()), int(rng.integers(1, 9)))
    return _jpeg(np.asarray(canvas))


def pink_noise(rng: np.random.Generator) -> bytes:
    """Draw noise whose amplitude falls as 1/frequency, as photographs' does on average."""
    width, height = SIDES
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    frequency[0, 0] = 1
    planes = []
    for _ in range(3):
        noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal(SIDES[::-1])) / frequency)
        planes.append(128 + 50 * noise / noise.std())
    return _jpeg(np.stack(planes, axis=2))


def _jpeg(pixels: NDArray[np.floating] | NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "jpeg", quality=90)
    return file.getvalue()


if __name__ == "__main__":
    app()
