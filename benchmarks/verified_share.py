"""Intervals of the share of wrong labels from verified rows: how often they hold it, how wide.

python -m benchmarks.verified_share CRAWL TRUTH --embeddings FEATURES.npy --classes 2 \
    --rate 0.01
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import Crawl, read_crawl, some_classes
from benchmarks.methods import Judgement, make_task
from benchmarks.methods.curate import judge
from benchmarks.noise import add_noise
from curate.errors import CurateError
from curate.options.weight import WeightOptions
from prototypes.score.verified_share import (
    BINS,
    Counts,
    ShareEstimate,
    clopper_pearson,
    doubt_bins,
    prediction_powered,
)

WIDTH = 180
"""Of the table when it is not printed in a terminal."""
NORMAL = 1.959964
METHODS = ("curate", "Clopper-Pearson", "PPI++, quality", "PPI++, flag")

Floats = NDArray[np.float64]
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def verified_share(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    embeddings: Annotated[Path, typer.Option(help="Features in the crawl's row order.")],
    classes: Annotated[
        list[int] | None, typer.Option(help="Several times: only so many classes, drawn at random.")
    ] = None,
    rate: Annotated[
        list[float] | None,
        typer.Option(help="Several times: all true labels, and this share flipped at random."),
    ] = None,
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    answers: Annotated[int, typer.Option(help="Verified rows; at most half of the rows.")] = 200,
    draws: Annotated[int, typer.Option(help="How often they are drawn.")] = 1_000,
    seed: Annotated[int, typer.Option(help="Of the classes, of the noise and of the rows.")] = 0,
) -> None:
    """Print how many 95% intervals hold the true share, and how wide they are on average."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    table = Table(
        *("crawl", "rows", "wrong", "verified", *METHODS, "mean error"),
        box=box.MARKDOWN,
        title=f"{crawl.name}: intervals that hold the truth / width / of Clopper and Pearson's",
        title_justify="left",
    )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        options = WeightOptions(crawl, embeddings=embeddings)
        seen = read_crawl(crawl, truth, options, work / "run", Console(quiet=True))
        for name, part in _parts(seen, classes or (), rate or (), seed):
            said = _judge(part, graph, work / name)
            asked = min(answers, len(part.labels) // 2)
            found = _drawn_again(part, said, asked, draws, np.random.default_rng(seed))
            counts = f"{len(part.labels):,}", f"{part.wrong.mean():.4f}", f"{asked}"
            table.add_row(name, *counts, *_cells(found, float(part.wrong.mean())))
    console.print(table)


def _parts(
    crawl: Crawl, classes: list[int] | tuple[()], rates: list[float] | tuple[()], seed: int
) -> Iterator[tuple[str, Crawl]]:
    """Give the crawl, some of its classes, and the crawl with few labels that are wrong."""
    yield "all", crawl
    for count in classes:
        yield f"{count} classes", some_classes(crawl, count, np.random.default_rng(seed + count))
    for rate in rates:
        rng = np.random.default_rng(seed)
        flipped = add_noise(crawl, "uniform", rate, rng) if rate else crawl.rows(~crawl.wrong)
        yield f"{rate:.1%} flipped", flipped


def _judge(crawl: Crawl, graph: str, folder: Path) -> Judgement:
    given = [crawl.names[label] for label in crawl.labels]
    return judge(make_task(folder, crawl.features, given, graph))


def _drawn_again(
    crawl: Crawl, said: Judgement, asked: int, draws: int, rng: np.random.Generator
) -> Floats:
    """Draw rows (``draws`` times) and estimate: (draws, METHODS, 3), share, low and high."""
    quality = said.scores["label_quality"]
    population = np.bincount(doubt_bins(quality), minlength=BINS)
    every = []
    for _ in range(draws):
        rows = rng.choice(len(quality), asked, replace=False)
        every.append(_estimates(crawl.wrong, quality, said.flag, population, rows))
    return np.array(every)


def _estimates(
    wrong: NDArray[np.bool_],
    quality: Floats,
    flag: NDArray[np.bool_],
    population: Counts,
    rows: NDArray[np.int64],
) -> list[Floats]:
    powered = prediction_powered(wrong[rows], quality[rows], population)
    alone = clopper_pearson(int(wrong[rows].sum()), len(rows))
    return [
        *(_numbers(each) for each in (powered, alone)),
        *(ppi_plus_plus(wrong, each, rows) for each in (1 - quality, flag.astype(np.float64))),
    ]


def _numbers(found: ShareEstimate) -> Floats:
    return np.array([found.share, found.low, found.high])


def ppi_plus_plus(wrong: NDArray[np.bool_], predicted: Floats, rows: NDArray[np.int64]) -> Floats:
    """Estimate the mean of ``wrong`` (N,) from rows (n,): share, low, high.

    PPI++ (Angelopoulos et al. 2023): λ is tuned on the same rows; the interval is normal, with the
    variance of a draw without replacement.
    """
    known, said = wrong[rows].astype(np.float64), predicted[rows]
    tuned = np.cov(known, said)[0, 1] / (np.var(said, ddof=1) or 1.0)
    share = known.mean() + tuned * (predicted.mean() - said.mean())
    variance = np.var(known - tuned * said, ddof=1) / len(rows) * (1 - len(rows) / len(wrong))
    return np.asarray(share + NORMAL * np.sqrt(variance) * np.array([0, -1, 1]))


def _cells(found: Floats, true: float) -> Iterator[str]:
    """Write coverage, mean width and what share of Clopper and Pearson's that is; mean error."""
    widths = (found[..., 2] - found[..., 1]).mean(axis=0)
    held = ((found[..., 1] <= true) & (true <= found[..., 2])).mean(axis=0)
    beside = widths[METHODS.index("Clopper-Pearson")]
    for share, width in zip(held, widths, strict=True):
        yield f"{share:.3f} / {width:.4f} / {width / beside:.2f}"
    yield f"{found[:, METHODS.index('curate'), 0].mean() - true:+.4f}"


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
