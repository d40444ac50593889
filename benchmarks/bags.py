"""Labels of bags: python -m benchmarks.bags CRAWL TRUTH --encoder ENCODER.

Four images make a bag, and each is given all labels of its bag, as the frames of a video are. NMN
by bags (noisy-or) beside NMN on each image with the labels of its bag, of which a bag has the
largest p(class | image) (Jiang et al. 2020, Table 3).
"""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

import curate
from benchmarks.heads import Data, fitted, precisions, predict, read

SIZE = 4
HEADS = ("noisy labels", "nmn, none verified", "nmn:dependent")
HELD_BACK = 0.2
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def bags(
    crawl: Annotated[Path, typer.Argument(help="Parquet: key, image (bytes), label.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label (null: left out).")],
    encoder: Annotated[str, typer.Option(help="As of curate weight.")],
    rows: Annotated[int, typer.Option(help="How many images.")] = 12_000,
    seeds: Annotated[int, typer.Option(help="How often; each holds back other bags.")] = 3,
) -> None:
    """Print the mAP of bags that were held back, and of the images in them."""
    data, bag = drawn(crawl, truth, encoder, rows)
    table = Table("head", "trained on", "mAP of bags: max", "noisy-or", "mAP of images")
    table.box, table.title = box.MARKDOWN, f"{rows:,} images, {SIZE} a bag, {seeds} seeds"
    for name in HEADS:
        for kind, of_row in (("images", np.arange(rows)), ("bags", bag)):
            examples = replace(data.examples, bag=of_row)
            found = [measure(replace(data, examples=examples), name, bag, s) for s in range(seeds)]
            table.add_row(name, kind, *(f"{value:.3f}" for value in np.mean(found, axis=0)))
    Console(width=120).print(table)


def drawn(crawl: Path, truth: Path, encoder: str, rows: int) -> tuple[Data, NDArray[np.int64]]:
    """Put images of a crawl into bags (rows,), and weigh them with their bags' labels."""
    known = pl.read_parquet(crawl).join(pl.read_parquet(truth).drop_nulls("true_label"), on="key")
    known = known.sample(rows, seed=0, shuffle=True).with_columns(bag=np.arange(rows) // SIZE)
    label = pl.col("label").drop_nulls().unique().sort().implode().over("bag")
    with TemporaryDirectory() as name:
        folder = Path(name)
        known.with_columns(label=label).select("key", "image", "label").write_parquet(
            folder / "frames.parquet"
        )
        true = known.select("key", true_label=pl.concat_list("true_label"))
        true.write_parquet(folder / "truth.parquet")
        curate.weight(folder / "frames.parquet", encoder=encoder)
        data = read(folder / "frames.weighted.parquet", folder / "truth.parquet")
    assert len(data.examples) == rows
    return data, known["bag"].to_numpy().astype(np.int64)


def measure(data: Data, name: str, bag: NDArray[np.int64], seed: int) -> tuple[float, float, float]:
    """Train on some bags; return the mAP of others, by max and by noisy-or, and of their images."""
    judged = np.random.default_rng(seed).random(bag.max() + 1)[bag] < HELD_BACK
    nothing = np.zeros(len(data.examples), bool)
    examples = replace(data.examples, verified=nothing).chosen(~judged)
    head = fitted(data, name, examples, seed)
    p = predict(data, head.eval(), judged)[1]
    true = data.truth().numpy()[judged] > 0
    in_bags = true.reshape(-1, SIZE, true.shape[1]).any(axis=1)
    frames = p.reshape(-1, SIZE, p.shape[1])
    of_bags = (frames.max(axis=1), 1 - (1 - frames).prod(axis=1))
    by_max, by_or = (precisions(found, in_bags)[0] for found in of_bags)
    return by_max, by_or, precisions(p, true)[0]


if __name__ == "__main__":
    app()
