"""Copies that are planted in a crawl: how many of each kind are found, and what else is.

python -m benchmarks.duplicates planted CRAWL --encoder onnx:model.onnx --rows 5000
python -m benchmarks.duplicates speed --rows 1000000
python -m benchmarks.duplicates beside
"""

import io
import resource
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from PIL import Image
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.duplicate_finders import FINDERS, SLOW_FINDERS, Drawn
from benchmarks.picture_changes import KINDS, OTHERS, Kind
from curate.crawl.crawl import index_crawl
from curate.duplicates.copies import Copies, find_copies
from curate.duplicates.same_picture import group_pictures
from curate.features.find import find_features
from curate.images.picture_hash import HASHES, Hashes
from curate.manifest.classes import count_classes
from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.store.run import open_run

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
FLIPPED = 4
"""Bits in which the hash of a copy that is drawn differs from its original's, at most."""


@app.command()
def planted(
    crawl: Annotated[Path, typer.Argument(help="Parquet: image (bytes), label.")],
    encoder: Annotated[str, typer.Option(help="As in curate weight.")] = "embedded",
    rows: Annotated[int, typer.Option(help="So many, drawn at random.")] = 5_000,
    copies: Annotated[int, typer.Option(help="So many of each kind.")] = 200,
    others: Annotated[bool, typer.Option(help="Kinds that were not planned for.")] = False,
    seed: int = 0,
) -> None:
    """Plant copies of every kind, of other rows each, and print which are found."""
    rng, of_kinds = np.random.default_rng(seed), OTHERS if others else KINDS
    table = pl.read_parquet(crawl, columns=["image", "label"]).sample(rows, seed=seed)
    source = rng.permutation(rows)[: copies * len(of_kinds)]
    kinds = np.repeat(np.arange(len(of_kinds)), copies)[: len(source)]
    blobs = table["image"].to_list()
    blobs += [
        _copied(blobs[row], list(of_kinds.values())[kind], rng)
        for row, kind in zip(source, kinds, strict=True)
    ]
    labels = table["label"].to_list()
    labels += [labels[row] for row in source]
    found, seconds = _found(pl.DataFrame({"image": blobs, "label": labels}), encoder)
    Console(width=120).print(_recall(found, rows, source, kinds, list(of_kinds)))
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


def _recall(
    found: Copies, rows: int, source: NDArray[np.int64], kinds: NDArray[np.int64], names: list[str]
) -> Table:
    """Lay out, for each kind, the share of copies that are in the group of their original."""
    table = Table(box=box.MARKDOWN)
    for heading in ("copies", "planted", "found"):
        table.add_column(heading, justify="left" if heading == "copies" else "right")
    same = found.representative[rows:] == found.representative[source]
    for number, name in enumerate(names):
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
    table = Table(box=box.MARKDOWN)
    for heading in ("rows", "CPU s", "s a million", "copies", "found", "peak MB"):
        table.add_column(heading, justify="right")
    for count in rows:
        hashes, source = _drawn(count, copied)
        x = _features(1_000, source[:0], dim)
        before = time.process_time()
        found = Copies("", group_pictures(hashes, lambda some, x=x: x[some % len(x)]))  # type: ignore[misc]
        seconds = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        table.add_row(f"{count:,}", f"{seconds:.1f}", f"{seconds / count * 1e6:.1f}",
                      f"{len(source):,}", f"{found.count:,}", f"{peak:,.0f}")  # fmt: skip
    Console(width=120).print(table)


@app.command()
def beside(
    rows: Annotated[int, typer.Option(help="Size of the crawl.")] = 100_000,
    slow_rows: Annotated[int, typer.Option(help="Size for imagededup.")] = 2_000,
    copied: Annotated[float, typer.Option(help="Share of rows that are copies.")] = 0.2,
    dim: Annotated[int, typer.Option(help="D of the features.")] = 64,
) -> None:
    """Print CPU seconds of what finds copies, children's too; what is not installed is left out."""
    without: dict[str, str] = {}
    table = Table(box=box.MARKDOWN)
    for heading in ("finder", "rows", "CPU s", "times curate's", "found"):
        table.add_column(heading, justify="left" if heading == "finder" else "right")
    for count, finders in ((rows, FINDERS), (slow_rows, SLOW_FINDERS)):
        drawn, base = _crawl(count, copied, dim), 0.0
        for name, finder in finders.items():
            try:
                finder(_crawl(100, copied, dim))  # what is imported is not counted
            except ImportError as error:
                without[name] = str(error)
                continue
            before = _cpu()
            found = finder(drawn)
            seconds = _cpu() - before
            base = base or seconds
            table.add_row(name, f"{count:,}", f"{seconds:.2f}", f"{seconds / base:.1f}",
                          f"{found.mean():.3f}")  # fmt: skip
    Console(width=120).print(table)
    for name, reason in without.items():
        Console(width=120).print(f"Left out: {name} ({reason}).")


def _crawl(rows: int, copied: float, dim: int) -> Drawn:
    hashes, source = _drawn(rows, copied)
    return Drawn(hashes, _features(rows, source, dim), source)


def _cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(of.ru_utime + of.ru_stime for of in usage)


def _features(rows: int, source: NDArray[np.int64], dim: int) -> NDArray[np.float32]:
    """Draw features (rows, dim); those of copies have a cosine of .98 or so with the originals'."""
    x = np.random.default_rng(1).normal(size=(rows, dim)).astype(np.float32)
    x[rows - len(source) :] = x[source] + 0.2 * x[rows - len(source) :]
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def _drawn(rows: int, copied: float) -> tuple[Hashes, NDArray[np.int64]]:
    """Draw hashes, of which the last ones differ in a few bits from those of the rows given."""
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
    return hashes, source


if __name__ == "__main__":
    app()
