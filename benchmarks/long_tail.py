"""What taking self-influence out is worth where class sizes fall geometrically.

python -m benchmarks.long_tail CRAWL TRUTH --embeddings FEATURES.npy [--largest 340 --smallest 3]
"""

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, TypeVar

import numpy as np
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import Crawl, read_crawl
from benchmarks.metrics import auroc, average_precision, f1_at_rate, precision_recall
from curate.errors import CurateError
from curate.options.weight import WeightOptions
from prototypes.engine.blocks import EachBlock, Floats, Labels, tiles
from prototypes.fit.space import MOST_INFLUENCE
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from prototypes.score.quality import LabelQuality

SIZES = ((1, 9), (10, 49), (50, 10**9))
"""Rows of a class, from and to, that are looked at apart."""
CAPS = (0.0, 0.3, MOST_INFLUENCE)
"""Most self-influence that is taken out: 0 leaves it in, the last is what the space gives."""
WIDTH = 150
"""Of the table when it is not printed in a terminal."""

T = TypeVar("T")
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def long_tail(
    crawl: Annotated[Path, typer.Argument()],
    truth: Annotated[Path, typer.Argument()],
    embeddings: Annotated[Path, typer.Option()],
    largest: Annotated[int, typer.Option(help="Rows of the largest class.")] = 340,
    smallest: Annotated[int, typer.Option(help="Rows of the smallest.")] = 3,
    seeds: Annotated[int, typer.Option(help="Random crawls, whose results are averaged.")] = 5,
) -> None:
    """Print how well wrong labels are found, by how much self-influence is taken out."""
    options = WeightOptions(crawl, embeddings=embeddings)
    with tempfile.TemporaryDirectory() as folder:
        whole = read_crawl(crawl, truth, options, Path(folder), Console(quiet=True))
    results = []
    for seed in range(seeds):
        tail = shrink(whole, largest, smallest, np.random.default_rng(seed))
        results.append([measure(tail, quality) for quality in judge(tail)])
    show(np.array(results), f"classes of {largest} to {smallest} rows, {seeds} crawls")


def shrink(crawl: Crawl, largest: int, smallest: int, rng: np.random.Generator) -> Crawl:
    """Keep so many rows of each class, in random order, that sizes fall geometrically."""
    order = rng.permutation(len(crawl.names))
    sizes = np.geomspace(largest, smallest, len(order)).round().astype(int)
    chosen = np.zeros(len(crawl.labels), bool)
    for label, size in zip(order, sizes, strict=True):
        chosen[rng.permutation(np.flatnonzero(crawl.labels == label))[:size]] = True
    return crawl.rows(chosen)


def in_memory(features: Floats, labels: Labels, rows: int = 65_536) -> EachBlock:
    """Cut arrays (N, D) and (N,) into blocks of at most this many rows."""

    def each(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterator[T]:
        for part, *known in zip(tiles(len(labels), rows), *beside, strict=True):
            yield fn(features[part], labels[part], *known)

    return each


def judge(crawl: Crawl) -> list[LabelQuality]:
    """Score with self-influence cut off at each of CAPS."""
    each, classes = in_memory(crawl.features, crawl.labels), len(crawl.names)
    space = fit_space(each, classes)
    prototypes = fit_prototypes(adapted(each, space), classes)
    g, said = space.transform(crawl.features), []
    for cap in CAPS:
        capped = replace(space, self_influence=np.minimum(space.self_influence, np.float32(cap)))
        said.append(score_block(g, crawl.labels, capped, prototypes).label)
    return said


def measure(crawl: Crawl, said: LabelQuality) -> NDArray[np.float64]:
    """Return a column's numbers, in the order of `show`."""
    wrong, quality, flag = crawl.wrong, said.quality, said.issue > 0
    rows = np.bincount(crawl.labels)[crawl.labels]
    by_size = []
    for low, high in SIZES:
        among = (rows >= low) & (rows <= high)
        by_size += [
            auroc(wrong[among], quality[among]),
            *precision_recall(wrong[among], flag[among]),
        ]
    overall = [one(wrong, quality) for one in (auroc, average_precision, f1_at_rate)]
    return np.array([*overall, *precision_recall(wrong, flag), *by_size])


def show(results: NDArray[np.float64], title: str) -> None:
    """Print mean and spread over the seeds of (seeds, caps, measures); nan: nothing flagged."""
    names = ["AUROC", "AP", "F1", "flag precision", "flag recall"]
    for low, high in SIZES:
        size = f"classes of {low} to {high}" if high < 10**9 else f"classes of {low} up"
        names += [f"{size}: AUROC", f"{size}: flag precision", f"{size}: flag recall"]
    table = Table("self-influence, at most", box=box.MARKDOWN, title=title)
    for cap in CAPS:
        table.add_column(f"{cap:g}", justify="right")
    mean, spread = results.mean(axis=0), results.std(axis=0)
    for at, name in enumerate(names):
        cells = zip(mean[:, at], spread[:, at], strict=True)
        table.add_row(name, *(f"{m:.3f} ± {s:.3f}" for m, s in cells))
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table)


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
