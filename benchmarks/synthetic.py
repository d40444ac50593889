"""A crawl of any size with known structure and planted noise, written block by block.

python -m benchmarks.synthetic FOLDER --rows 50000 --classes 100
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from zipfile import ZipFile

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray

from benchmarks.methods import Task
from graphs.nltk_wordnet import ARCHIVE
from prototypes.engine.blocks import tiles, unit_rows

BLOCK = 65_536
WRONG = 0.3
"""Share of labels that are wrong: any other class is as likely."""
SPREAD = 8.0
"""Length of what an image has of its own, that of its class being 1 ..."""
NUISANCES, NUISANCE = 16, 2.0
"""... and of what images of all classes share, in so many directions: light, background ..."""


@dataclass(frozen=True)
class SyntheticCrawl:
    """A task as methods are shown it, and the truth."""

    task: Task
    wrong: NDArray[np.bool_]
    """(N,): whose label is wrong."""


def write_crawl(folder: Path, rows: int, classes: int, dim: int, seed: int = 0) -> SyntheticCrawl:
    """Write N = ``rows`` samples of C = ``classes`` noun synsets with D = ``dim`` features.

    The folder then is a `Task`, with a truth.parquet as benchmarks.detection takes it.
    """
    task = Task(folder, "wordnet")
    task.embeddings.parent.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    names = np.array(noun_ids(classes))
    centres = unit_rows(rng.standard_normal((classes, dim), np.float32))
    nuisances = rng.standard_normal((NUISANCES, dim), np.float32) / np.sqrt(dim)
    x = np.lib.format.open_memmap(task.embeddings, "w+", np.float16, (rows, dim))
    true, given = np.empty(rows, np.int32), np.empty(rows, np.int32)
    for part in tiles(rows, BLOCK):
        n = part.stop - part.start
        true[part] = rng.integers(classes, size=n)
        other = (true[part] + rng.integers(1, classes, size=n)) % classes
        given[part] = np.where(rng.random(n) < WRONG, other, true[part])
        own = rng.standard_normal((n, dim), np.float32) * np.float32(SPREAD / np.sqrt(dim))
        shared = rng.standard_normal((n, NUISANCES), np.float32) @ nuisances
        shared *= np.float32(NUISANCE / np.sqrt(NUISANCES))
        x[part] = unit_rows(centres[true[part]] + own + shared)
    x.flush()
    keys = [f"{row:09}" for row in range(rows)]
    pl.DataFrame({"key": keys, "label": names[given]}).write_parquet(task.manifest)
    truth = pl.DataFrame({"key": keys, "true_label": names[true]})
    truth.write_parquet(folder / "truth.parquet")
    return SyntheticCrawl(task, given != true)


def noun_ids(count: int) -> list[str]:
    """Return the ids (n02123045) of so many noun synsets, evenly spaced over WordNet."""
    with ZipFile(ARCHIVE).open("data.noun") as file:
        offsets = [line[:8].decode() for line in file if line[:1].isdigit()]
    return [f"n{offset}" for offset in offsets[:: len(offsets) // count][:count]]


def main(
    folder: Annotated[Path, typer.Argument(help="It must not be there yet.")],
    rows: Annotated[int, typer.Option(help="N")] = 50_000,
    classes: Annotated[int, typer.Option(help="C")] = 100,
    dim: Annotated[int, typer.Option(help="D")] = 512,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
) -> None:
    """Write a crawl."""
    write_crawl(folder, rows, classes, dim, seed)


if __name__ == "__main__":
    typer.run(main)
