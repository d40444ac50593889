"""The results of a comparison as a table in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.table import Table

MEASURES = {"auroc": "AUROC", "average_precision": "AP", "f1": "F1"}
FLAG = {"flag_precision": "precision", "flag_recall": "recall", "estimated_noise": "noise"}
COST = {"seconds": ("seconds", 1), "CPU": ("cpu_seconds", 1), "MB": ("peak_bytes", 1e6)}
NAMED = 5
"""So many classes are named in the title, not counted."""


def results_table(results: Sequence[Mapping[str, Any]], facts: Mapping[str, Any]) -> Table:
    """Lay out a row for each score; AUROC by kind of noise where there is more than one kind."""
    kinds = list(results[0]["auroc_by_kind"])
    if len(kinds) < 2:
        kinds = []
    names = facts["class_names"]
    classes = ", ".join(names) if len(names) <= NAMED else f"{len(names)} classes"
    table = Table(
        box=box.MARKDOWN,
        title=f"{facts['crawl']}: {facts['rows']:,} rows, {classes}, {facts['noise']:.3f} wrong,"
        f" graph {facts['graph']}",
        title_justify="left",
    )
    for heading in ("method", "score"):
        table.add_column(heading)
    for heading in (*MEASURES.values(), *kinds, *FLAG.values(), *COST):
        table.add_column(heading, justify="right")
    for row in results:
        table.add_row(
            row["method"],
            row["score"],
            *(_share(row[name]) for name in MEASURES),
            *(_share(row["auroc_by_kind"][kind]) for kind in kinds),
            *(_share(row[name]) if name in row else "" for name in FLAG),
            *(f"{row[name] / unit:,.0f}" if name in row else "" for name, unit in COST.values()),
        )
    return table


def _share(value: float) -> str:
    return f"{value:.3f}"


def accuracy_table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[tuple[Sequence[str], NDArray[np.float64]]],
    steps: Sequence[int],
) -> Table:
    """Lay out rows of cells, one for each heading, and of accuracies (seeds, steps, 2).

    Top-1 and, after a stroke, top-5.
    """
    table = Table(box=box.MARKDOWN, title=title, title_justify="left")
    table.add_column(headings[0])
    for heading in (*headings[1:], *(f"{step:,} steps" for step in steps)):
        table.add_column(heading, justify="right")
    for cells, found in rows:
        table.add_row(*cells, *accuracy_cells(found))
    return table


def accuracy_cells(found: NDArray[np.float64]) -> list[str]:
    """Write accuracies (seeds, steps, 2) as a cell for each step: mean ± deviation over seeds."""
    mean, spread = found.mean(axis=0), found.std(axis=0)
    return [
        f"{m[0]:.3f} ± {s[0]:.3f} / {m[1]:.3f} ± {s[1]:.3f}"
        for m, s in zip(mean, spread, strict=True)
    ]
