"""A multi-label crawl of 2 x 2 mosaics, with labels that are missing, incorrect or one too many.

python -m benchmarks.mosaics CRAWL TRUTH --out FOLDER [--missing 0.3 --incorrect 0.3]
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from PIL import Image

TILES = 4
TILE_SIDE = 64
"""Pixels."""
QUALITY = 90
"""Of the JPEGs."""

Drawn = list[NDArray[np.int64]]
"""For each mosaic its classes."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def mosaics(
    crawl: Annotated[Path, typer.Argument(help="Parquet: key, image (bytes).")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label (null: left out).")],
    out: Annotated[Path, typer.Option(help="Folder for mosaics.parquet and truth.parquet.")],
    rows: Annotated[int, typer.Option(help="How many mosaics.")] = 6_000,
    missing: Annotated[float, typer.Option(help="Share of the labels that are left out.")] = 0.3,
    incorrect: Annotated[
        float, typer.Option(help="Share of the other labels that name a class not in the picture.")
    ] = 0.3,
    added: Annotated[
        float,
        typer.Option(max=0.95, help="Share of all labels, in the end, that are one too many."),
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="The same pictures for every share of noise.")] = 0,
) -> None:
    """Write mosaics of one to four classes each (key, image, label) and their true labels."""
    images = pl.read_parquet(crawl, columns=["key", "image"])
    known = images.join(pl.read_parquet(truth).drop_nulls("true_label"), on="key")
    known = known.sort("key")
    names = known["true_label"].unique().sort().to_list()
    of_class = known.with_row_index("at").group_by("true_label").agg("at").sort("true_label")["at"]
    rng = np.random.default_rng(seed)
    pools = [members.to_numpy() for members in of_class]
    tiles, classes = draw_tiles(pools, rows, rng)
    pictures = [mosaic([known["image"][int(at)] for at in four]) for four in tiles]
    given = spoil(classes, len(names), missing, incorrect, rng)
    given = add_wrong(given, classes, len(names), added, rng)
    out.mkdir(parents=True, exist_ok=True)
    keys = [f"m{row:06d}" for row in range(rows)]
    table = pl.DataFrame({"key": keys, "image": pictures, "label": named(given, names)})
    table.write_parquet(out / "mosaics.parquet")
    true = pl.DataFrame({"key": keys, "true_label": named(classes, names)})
    true.write_parquet(out / "truth.parquet")


def draw_tiles(
    pools: Sequence[NDArray[np.integer]], rows: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Drawn]:
    """Draw the samples of each mosaic (rows, 4), and its one to four classes.

    ``pools`` are the samples of each class. Every class of a mosaic has at least one tile.
    """
    tiles, classes = np.empty((rows, TILES), np.int64), []
    for row in range(rows):
        chosen = rng.choice(len(pools), rng.integers(1, TILES + 1), replace=False)
        filled = np.append(chosen, rng.choice(chosen, TILES - len(chosen)))
        tiles[row] = rng.permutation([rng.choice(pools[c]) for c in filled])
        classes.append(np.sort(chosen))
    return tiles, classes


def mosaic(tiles: Sequence[bytes]) -> bytes:
    """Put four pictures side by side and below each other, as a JPEG."""
    canvas = Image.new("RGB", (2 * TILE_SIDE, 2 * TILE_SIDE))
    for at, tile in enumerate(tiles):
        picture = Image.open(io.BytesIO(tile)).convert("RGB").resize((TILE_SIDE, TILE_SIDE))
        canvas.paste(picture, (at % 2 * TILE_SIDE, at // 2 * TILE_SIDE))
    file = io.BytesIO()
    canvas.save(file, "jpeg", quality=QUALITY)
    return file.getvalue()


def spoil(
    classes: Drawn, count: int, missing: float, incorrect: float, rng: np.random.Generator
) -> Drawn:
    """Leave labels out, and turn others into classes that are not in the picture."""
    spoilt = []
    for true in classes:
        kept = true[rng.random(len(true)) >= missing]
        absent = rng.permutation(np.setdiff1d(np.arange(count), true))[: len(kept)]
        spoilt.append(np.where(rng.random(len(kept)) < incorrect, absent, kept))
    return spoilt


def add_wrong(
    given: Drawn, classes: Drawn, count: int, share: float, rng: np.random.Generator
) -> Drawn:
    """Add classes that are not in the picture, on average this share of all labels in the end."""
    each = share / (1 - share)
    found = []
    for own, true in zip(given, classes, strict=True):
        absent = rng.permutation(np.setdiff1d(np.arange(count), np.append(own, true)))
        found.append(np.sort(np.append(own, absent[: rng.poisson(each * len(own))])))
    return found


def named(classes: Drawn, names: Sequence[str]) -> pl.Series:
    """Write classes as lists of names."""
    return pl.Series([[names[c] for c in row] for row in classes], dtype=pl.List(pl.String))


if __name__ == "__main__":
    app()
