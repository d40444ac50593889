"""The estimated share of wrong labels, flags and probabilities on crawls made of one with a truth.

python -m benchmarks.wrong_share CRAWL TRUTH --embeddings FEATURES.npy [--rows 8000 --tails]
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import Crawl, read_crawl, some_classes, some_rows
from benchmarks.long_tail import in_memory, shrink
from benchmarks.metrics import auroc, precision_recall
from benchmarks.noise import add_noise
from curate.options.weight import WeightOptions
from prototypes.engine.blocks import unit_rows
from prototypes.fit.wrong_share import WrongShare
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from prototypes.score.quality import LabelQuality

ADDED = (
    ("uniform", 0.2), ("uniform", 0.5), ("confusing-visual", 0.1), ("confusing-visual", 0.4),
    ("open-set", 0.15), ("open-set", 0.4),
)  # fmt: skip
"""Kinds and rates of wrong labels that are added to right ones."""
THINNED = (0.05, 0.1, 0.4, 0.6)
"""Shares of wrong labels to which right or wrong rows are thinned out."""
FEW = (2, 3, 5)
TAILS = (5, 10, 20, 100)
"""Classes of the long tails."""
IMBALANCES = (10, 50, 100)
"""Rows of the largest class for each of the smallest."""
ADDED_TO_TAILS = (("uniform", 0.2), ("uniform", 0.5), ("confusing-visual", 0.3))
"""Kinds and rates of wrong labels that are added to the right ones of a long tail."""
BINS = 10
WIDTH = 160
"""Of the table when it is not printed in a terminal."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def shares(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    embeddings: Annotated[Path, typer.Option(help="Features in the crawl's row order.")],
    rows: Annotated[int, typer.Option(help="Most rows of a crawl.")] = 100_000,
    cleanlab: Annotated[bool, typer.Option(help="Compare cleanlab's flags.")] = False,
    tails: Annotated[bool, typer.Option(help="Long tails, in place of other crawls.")] = False,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
) -> None:
    """Print a row for each crawl, and how far the estimates and ranges are off in all."""
    options = WeightOptions(crawl, embeddings=embeddings)
    with tempfile.TemporaryDirectory() as folder:
        whole = read_crawl(crawl, truth, options, Path(folder), Console(quiet=True))
    headings = ["crawl", "rows", "classes", "AUROC", "wrong", "estimate", "range", "holds", "ECE"]
    flags = ["flagged", "precision", "recall"]
    headings += [*flags, *(f"cleanlab's {name}" for name in flags if cleanlab)]
    table = Table(*headings, box=box.MARKDOWN, title=str(crawl), title_justify="left")
    found = []
    for name, made in (long_tails if tails else crawls)(whole, np.random.default_rng(seed)):
        some = some_rows(made, rows, np.random.default_rng(seed))
        share, said = judge(some)
        found.append((float(some.wrong.mean()), share))
        table.add_row(name, *measured(some, share, said), *(_cleanlab(some) if cleanlab else ()))
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(table)
    console.print(summary(found))


def crawls(whole: Crawl, rng: np.random.Generator) -> Iterator[tuple[str, Crawl]]:
    """Make crawls with other classes, sizes, and wrong labels of other kinds and numbers."""
    yield "as it is", whole
    yield "no wrong labels", whole.rows(~whole.wrong)
    for share in THINNED:
        yield f"{share:.0%} wrong", thinned(whole, share, rng)
    for kind, rate in ADDED:
        yield f"{kind} {rate:.0%}", add_noise(whole, kind, rate, rng)
    yield "long tail", shrink(whole, int(np.bincount(whole.labels).max()), 20, rng)
    for classes in FEW:
        for _ in range(2):
            few = some_classes(whole, classes, rng)
            yield f"{classes} classes", few
        yield f"{classes} classes, no wrong labels", few.rows(~few.wrong)


def long_tails(whole: Crawl, rng: np.random.Generator) -> Iterator[tuple[str, Crawl]]:
    """Make crawls whose class sizes fall geometrically, of several sizes and kinds of errors."""
    largest = int(np.bincount(whole.labels).min())
    for classes in (count for count in TAILS if count <= len(whole.names)):
        for imbalance in IMBALANCES:
            some = some_classes(whole, classes, rng)
            tail = shrink(some, largest, max(round(largest / imbalance), 1), rng)
            name = f"{classes} classes, {imbalance}:1"
            yield name, tail
            yield f"{name}, no wrong labels", tail.rows(~tail.wrong)
            for kind, rate in ADDED_TO_TAILS:
                yield f"{name}, {kind} {rate:.0%}", add_noise(tail, kind, rate, rng)


def summary(found: Sequence[tuple[float, WrongShare]]) -> str:
    """Say how far estimates are off true shares, and how many ranges hold them."""
    off = np.mean([abs(share.estimate - true) for true, share in found])
    held = sum(share.low <= true <= share.high for true, share in found)
    width = np.mean([share.high - share.low for _, share in found])
    ranges = f"{held} of {len(found)} ranges hold the truth, mean width {width:.3f}"
    return f"mean error {off:.3f}; {ranges}"


def thinned(crawl: Crawl, share: float, rng: np.random.Generator) -> Crawl:
    """Leave out right rows, or wrong ones, until a ``share`` is wrong."""
    wrong, right = np.flatnonzero(crawl.wrong), np.flatnonzero(~crawl.wrong)
    kept = min(len(right), round(len(wrong) * (1 - share) / share))
    chosen = np.zeros(len(crawl.labels), bool)
    chosen[rng.permutation(right)[:kept]] = True
    chosen[rng.permutation(wrong)[: round(kept * share / (1 - share))]] = True
    return crawl.rows(chosen)


def judge(crawl: Crawl) -> tuple[WrongShare, LabelQuality]:
    """Weigh a crawl without class relations; return the estimated share, and the scores."""
    each, classes = in_memory(crawl.features, crawl.labels), len(crawl.names)
    space = fit_space(each, classes)
    prototypes = fit_prototypes(adapted(each, space), classes, space=space)
    scores = score_block(space.transform(crawl.features), crawl.labels, space, prototypes)
    return prototypes.prior.share, scores.label


def measured(crawl: Crawl, share: WrongShare, said: LabelQuality) -> list[str]:
    """Write the numbers of a row of the table, up to the flags."""
    wrong, quality = crawl.wrong, np.nan_to_num(said.quality, nan=1.0)
    true = wrong.mean()
    found = [
        f"{len(wrong):,}",
        f"{len(crawl.names)}",
        f"{auroc(wrong, quality):.3f}",
        f"{true:.3f}",
        f"{share.estimate:.3f}",
        f"{share.low:.3f} to {share.high:.3f}",
        "yes" if share.low <= true <= share.high else "no",
        f"{calibration_error(quality, ~wrong):.3f}",
    ]
    return found + _flags(wrong, said.issue > 0)


def calibration_error(p: NDArray[np.floating], right: NDArray[np.bool_]) -> float:
    """Return the expected calibration error of probabilities (N,) in BINS equal bins."""
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    gap = np.bincount(bins, p, BINS) - np.bincount(bins, right, BINS)
    return float(np.abs(gap).sum() / max(count.sum(), 1))


def _flags(wrong: NDArray[np.bool_], flag: NDArray[np.bool_]) -> list[str]:
    precision, recall = precision_recall(wrong, flag)
    return [f"{number:.3f}" for number in (flag.mean(), precision, recall)]


def _cleanlab(crawl: Crawl) -> list[str]:
    from cleanlab.filter import find_label_issues

    from benchmarks.methods.regression import predict

    labels = crawl.labels.astype(np.int64)
    flag = find_label_issues(labels, predict(unit_rows(crawl.features), labels), n_jobs=1)
    return _flags(crawl.wrong, flag)


if __name__ == "__main__":
    app()
