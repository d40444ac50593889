"""Copies that are planted in a crawl: how many of each kind are found, and what else is.

python -m benchmarks.duplicates CRAWL --encoder onnx:model.onnx --rows 5000
"""

import io
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from rich import box
from rich.console import Console
from rich.table import Table

from curate.crawl.crawl import index_crawl
from curate.duplicates.copies import Copies, find_copies
from curate.features.find import find_features
from curate.images.picture_hash import HASHES, Hashes
from curate.manifest.classes import count_classes
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.store.run import open_run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Change = Callable[[Image.Image, np.random.Generator], Image.Image]
QUALITY = 90
"""Of copies that were changed."""
FILLS = ("white", "black", "grey")
FLIPPED = 4
"""Bits in which the hash of a copy that is drawn differs from its original's, at most."""


@dataclass(frozen=True)
class Kind:
    """How a picture is copied; without a change its file is, and quality says how it is written."""

    change: Change | None = None
    quality: tuple[int, int] = (QUALITY, QUALITY)


def _resized(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    scale = np.exp(rng.uniform(np.log(0.5), np.log(2)))
    size = [max(8, round(side * scale)) for side in image.size]
    return image.resize((size[0], size[1]), Image.Resampling.BICUBIC)


def _cropped(least: float, most: float) -> Change:
    """Take a share of each side away, at a random place."""

    def change(image: Image.Image, rng: np.random.Generator) -> Image.Image:
        share = rng.uniform(least, most)
        width, height = image.size
        left, top = rng.uniform(0, width * share), rng.uniform(0, height * share)
        right, bottom = left + width * (1 - share), top + height * (1 - share)
        return image.crop((round(left), round(top), round(right), round(bottom)))

    return change


def _mirrored(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return ImageOps.mirror(image)


def _brightness(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(rng.uniform(0.7, 1.3))


def _grey(image: Image.Image, _: np.random.Generator) -> Image.Image:
    return image.convert("L").convert("RGB")


def _bordered(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    width = max(1, round(max(image.size) * rng.uniform(0.02, 0.05)))
    return ImageOps.expand(image, width, FILLS[rng.integers(len(FILLS))])


def _captioned(image: Image.Image, _: np.random.Generator) -> Image.Image:
    """Burn a line of text in; on a picture of 32 pixels it takes a third of the height."""
    shown = image.copy()
    ImageDraw.Draw(shown).text((2, image.height - 12), "photo 123", fill="white")
    return shown


KINDS = {
    "exact": Kind(),
    "recompressed, quality 30 to 90": Kind(lambda image, _: image, (30, 91)),
    "resized, .5 to 2": Kind(_resized),
    "cropped by 2 to 5%": Kind(_cropped(0.02, 0.05)),
    "cropped by 5 to 10%": Kind(_cropped(0.05, 0.10)),
    "cropped by 10 to 15%": Kind(_cropped(0.10, 0.15)),
    "border of 2 to 5%": Kind(_bordered),
    "mirrored": Kind(_mirrored),
    "brightness .7 to 1.3": Kind(_brightness),
    "grey": Kind(_grey),
    "caption burnt in": Kind(_captioned),
}


@app.command()
def planted(
    crawl: Annotated[Path, typer.Argument(help="Parquet: image (bytes), label.")],
    encoder: Annotated[str, typer.Option(help="As in curate weight.")] = "embedded",
    rows: Annotated[int, typer.Option(help="So many, drawn at random.")] = 5_000,
    copies: Annotated[int, typer.Option(help="So many of each kind.")] = 200,
    seed: int = 0,
) -> None:
    """Plant copies of every kind, of other rows each, and print which are found."""
    rng = np.random.default_rng(seed)
    table = pl.read_parquet(crawl, columns=["image", "label"]).sample(rows, seed=seed)
    source = rng.permutation(rows)[: copies * len(KINDS)]
    kinds = np.repeat(np.arange(len(KINDS)), copies)[: len(source)]
    blobs = table["image"].to_list()
    blobs += [
        _copied(blobs[row], list(KINDS.values())[kind], rng)
        for row, kind in zip(source, kinds, strict=True)
    ]
    labels = table["label"].to_list()
    labels += [labels[row] for row in source]
    found, seconds = _found(pl.DataFrame({"image": blobs, "label": labels}), encoder)
    Console(width=120).print(_recall(found, rows, source, kinds))
    Console(width=120).print(_precision(found, rows, source, seconds), highlight=False)


def _copied(blob: bytes, kind: Kind, rng: np.random.Generator) -> bytes:
    if kind.change is None:
        return blob
    changed = kind.change(Image.open(io.BytesIO(blob)).convert("RGB"), rng)
    file, (least, most) = io.BytesIO(), kind.quality
    changed.save(file, "JPEG", quality=int(rng.integers(least, max(most, least + 1))))
    return file.getvalue()


def _found(table: pl.DataFrame, encoder: str) -> tuple[Copies, float]:
    """Find the copies through curate's own steps, and take the CPU seconds of the last."""
    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder) / "run") as run:
        path = Path(folder) / "crawl.parquet"
        table.write_parquet(path)
        manifest = open_manifest(path, ColumnOptions(), None, run.step("rows"))
        opened = index_crawl(manifest, count_classes(manifest), run)
        options = WeightOptions(path, encoder=encoder)
        features = find_features(options, opened, Console(stderr=True))
        before = time.process_time()
        found = find_copies(opened, features)
        return Copies(found.name, np.array(found.representative)), time.process_time() - before


def _recall(found: Copies, rows: int, source: NDArray[np.int64], kinds: NDArray[np.int64]) -> Table:
    """Lay out, for each kind, the share of copies that are in the group of their original."""
    table = Table(box=box.MARKDOWN)
    for heading in ("copies", "planted", "found"):
        table.add_column(heading, justify="left" if heading == "copies" else "right")
    same = found.representative[rows:] == found.representative[source]
    for number, name in enumerate(KINDS):
        of_kind = same[kinds == number]
        table.add_row(name, f"{len(of_kind):,}", f"{of_kind.mean():.3f}")
    return table


def _precision(found: Copies, rows: int, source: NDArray[np.int64], seconds: float) -> str:
    """Say what share of found pairs is planted, and how many pairs the crawl had before."""
    of = np.append(np.arange(rows), source)
    members = np.flatnonzero(found.representative != np.arange(len(of)))
    first = found.representative[members]
    own = (members < rows).sum()
    pairs, right = members >= rows, of[first] == of[members]
    return (
        f"Of {pairs.sum():,} planted rows that were found, {right[pairs].mean():.4f} are with their"
        f" original; {own:,} pairs are of the crawl's own pictures. {seconds:.1f} CPU s for"
        f" {len(of):,} rows."
    )


@app.command()
def speed(
    rows: Annotated[list[int], typer.Option(help="Sizes of the crawl.")],
    copied: Annotated[float, typer.Option(help="Share of rows that are copies.")] = 0.2,
    dim: Annotated[int, typer.Option(help="D of the features.")] = 64,
) -> None:
    """Print seconds and memory of grouping drawn hashes; each size in this process, in order."""
    from curate.duplicates.same_picture import group_pictures

    table = Table(box=box.MARKDOWN)
    for heading in ("rows", "CPU s", "s a million", "copies", "found", "peak MB"):
        table.add_column(heading, justify="right")
    for count in rows:
        hashes, x, planted_rows = _drawn(count, copied, dim)
        before = time.process_time()
        found = Copies("", group_pictures(hashes, lambda some, x=x: x[some % len(x)]))  # type: ignore[misc]
        seconds = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        table.add_row(f"{count:,}", f"{seconds:.1f}", f"{seconds / count * 1e6:.1f}",
                      f"{planted_rows:,}", f"{found.count:,}", f"{peak:,.0f}")  # fmt: skip
    Console(width=120).print(table)


def _drawn(rows: int, copied: float, dim: int) -> tuple[Hashes, NDArray[np.float32], int]:
    """Draw hashes of which a share differ in a few bits from another row's; and features."""
    rng = np.random.default_rng(0)
    hashes = np.zeros(rows, HASHES)
    looks = hashes["looks"]
    looks[:] = rng.integers(0, 2**64, looks.shape, np.uint64)
    hashes["content"] = rng.integers(0, 2**63, (rows, 2), np.uint64)
    hashes["tone"] = rng.integers(0, 256, (rows, 3))
    hashes["telling"] = 60
    count = int(rows * copied)
    copies = np.arange(rows - count, rows)
    source = rng.integers(0, rows - count, count)
    hashes["looks"][copies], hashes["tone"][copies] = looks[source], hashes["tone"][source]
    for _ in range(FLIPPED):
        bits = np.uint64(1) << rng.integers(0, 64, count).astype(np.uint64)
        hashes["looks"][copies] ^= bits[:, None]
    x = rng.normal(size=(1_000, dim)).astype(np.float32)
    return hashes, x / np.linalg.norm(x, axis=1, keepdims=True), count


if __name__ == "__main__":
    app()
