"""What heads gain by class, as Veit's Figure 5: python -m benchmarks.gains WEIGHTED TRUTH.

Frequency and wrongness are those of all rows; gains are on judged rows, as in `benchmarks.heads`.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import polars as pl
import torch
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.heads import Data, predict, read, split, trained
from curate.heads.gains import (
    HeldOut,
    by_frequency,
    by_wrongness,
    class_gains,
    wrong_shares,
)
from curate.heads.label_sets import settled

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def gains(
    weighted: Annotated[Path, typer.Argument(help="What curate weight wrote.")],
    truth: Annotated[Path, typer.Argument(help="Parquet: key, true_label.")],
    share: Annotated[float, typer.Option(help="Verified.")] = 0.05,
    head: Annotated[list[str] | None, typer.Option(help="Several times.")] = None,
    seeds: Annotated[int, typer.Option(help="How often; each draws other rows.")] = 3,
) -> None:
    """Print how right labels are before and after, by the classes' frequency and wrongness."""
    torch.set_num_threads(1)
    data, console = read(weighted, truth), Console(width=120)
    for name in head or ["stack"]:
        held_out = HeldOut.none(data.task.outputs)
        for seed in range(seeds):
            held_out += judged_rows(data, name, share, seed)
        for groups in grouped(data, held_out):
            console.print(shown(groups, f"{weighted.name}, {name}, {share:.0%}, {seeds} seeds"))


def judged_rows(data: Data, name: str, share: float, seed: int) -> HeldOut:
    """Train a head; return what it says of the judged rows."""
    head, _ = trained(data, name, share, seed)
    judged = split(data, share, seed)[1]
    given = all_rows(data).given[judged]
    p, _ = settled(data.task, predict(data, head.eval(), judged)[0], given)
    return HeldOut(given, p, data.truth().numpy()[judged], np.full(len(p), seed), given)


def all_rows(data: Data) -> HeldOut:
    """Take all rows with their given labels, as if no head had changed them."""
    given = data.task.as_outputs(data.task.given(torch.from_numpy(data.examples.given))).numpy()
    return HeldOut(given, given, data.truth().numpy(), np.zeros(len(given), np.int64), given)


def grouped(data: Data, held_out: HeldOut) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Group by frequency and by wrongness, both of all rows."""
    every, found = class_gains(all_rows(data), data.task), class_gains(held_out, data.task)
    return by_frequency(found, every.rows), by_wrongness(found, wrong_shares(every))


def shown(groups: pl.DataFrame, title: str) -> Table:
    """Lay out the groups of classes."""
    columns = ("", "classes", "rows", "right before", "right after", "gain")
    table = Table(*columns, box=box.MARKDOWN, title=title, title_justify="left")
    for row in groups.rows(named=True):
        before, after = (row[when] / row["rows"] for when in ("before", "after"))
        cells = (f"{before:.3f}", f"{after:.3f}", f"{after - before:+.3f}")
        table.add_row(row["group"], f"{row['classes']}", f"{row['rows']:,}", *cells)
    return table


if __name__ == "__main__":
    app()
