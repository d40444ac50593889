"""Finding wrong labels under each option of Eq. 4 and 5, and with verified rows.

python -m benchmarks.options CRAWL TRUTH --embeddings FEATURES.npy
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import polars as pl
import typer
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.crawl import NO_CLASS, Crawl, read_crawl
from benchmarks.methods import Judgement, make_task
from benchmarks.methods.curate import judge
from benchmarks.metrics import auroc, average_precision, f1_at_rate, precision_recall
from curate.errors import CurateError
from curate.options.weight import WeightOptions

SHARES = (0.01, 0.05, 0.1)
"""Of the rows, those that are verified; a smaller share is part of a larger one."""
SETTINGS: dict[str, dict[str, Any]] = {
    "default": {},
    "--psi l2": {"psi": "l2"},
    "--prototypes constant": {"prototypes": "constant"},
    **{f"--rounds {rounds}": {"rounds": rounds} for rounds in (2, 3, 5)},
    **{f"--prototypes-per-class {k}": {"prototypes_per_class": k} for k in (2, 3, 5)},
    **{f"--gamma {gamma:g}": {"gamma": gamma} for gamma in (0.5, 1.0, 4.0)},
    **{f"--epsilon {epsilon:g}": {"epsilon": epsilon} for epsilon in (0.01, 0.2, 1.0)},
    **{f"--tau-v {tau:g}": {"tau_v": tau} for tau in (0.05, 0.5)},
    **{f"--tau-t {tau:g}": {"tau_t": tau} for tau in (0.05, 0.5)},
}
WIDTH = 150
"""Of the table when it is not printed in a terminal."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def options(
    crawl: Annotated[Path, typer.Argument(help="Any manifest that curate weight takes.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    embeddings: Annotated[Path, typer.Option(help="Features in the crawl's row order.")],
    graph: Annotated[str, typer.Option(help="As in curate weight.")] = "wordnet",
    seed: Annotated[int, typer.Option(help="Of the rows that are verified.")] = 0,
) -> None:
    """Print a row for each option; all are measured on the rows that are never verified."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        chosen = WeightOptions(crawl, embeddings=embeddings)
        seen = read_crawl(crawl, truth, chosen, work / "run", Console(stderr=True))
        given = [seen.names[label] for label in seen.labels]
        task = make_task(work / "task", seen.features, given, graph)
        order = np.random.default_rng(seed).permutation(len(given))
        unseen = order[round(max(SHARES) * len(given)) :]
        table = Table(
            *("options", "AUROC", "AP", "F1", "weight: AUROC", "AP", "F1"),
            *("precision", "recall", "noise"),
            box=box.MARKDOWN,
            title=f"{crawl.name}: {len(unseen):,} rows, {seen.wrong[unseen].mean():.3f} wrong",
            title_justify="left",
        )
        for column in table.columns[1:]:
            column.justify = "right"
        for name, settings in SETTINGS.items():
            table.add_row(name, *cells(judge(task, **settings), seen, unseen))
        for name, settings in verified_settings(seen, order, work):
            table.add_row(name, *cells(judge(task, **settings), seen, unseen))
    console.print(table)


def verified_settings(
    crawl: Crawl, order: NDArray[np.int64], folder: Path
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Write the first rows of ``order`` (N,) with their true labels; give each way to use them."""
    names = [*crawl.names, None]
    for share in SHARES:
        rows = order[: round(share * len(order))]
        labels = [names[label if label != NO_CLASS else -1] for label in crawl.true[rows]]
        path = folder / f"verified-{share}.parquet"
        keys = [str(row) for row in rows]
        pl.DataFrame({"key": keys, "label": labels}).write_parquet(path)
        for use in ("both", "only"):
            yield f"--verified {share:.0%}, {use}", {"verified": path, "verified_use": use}


def cells(said: Judgement, crawl: Crawl, rows: NDArray[np.int64]) -> Iterator[str]:
    """Give the numbers of a row of the table, measured on some of the crawl's rows."""
    wrong = crawl.wrong[rows]
    for score in ("label_quality", "weight"):
        for measure in (auroc, average_precision, f1_at_rate):
            yield f"{measure(wrong, said.scores[score][rows]):.4f}"
    for share in (*precision_recall(wrong, said.flag[rows]), said.noise):
        yield f"{share:.3f}"


if __name__ == "__main__":
    try:
        app()
    except CurateError as error:
        sys.exit(f"Error: {error}")
