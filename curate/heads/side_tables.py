"""The tables that `curate refine` writes beside its output: NMN's rates, and labels of bags."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from curate.heads.apply import HeadOnRun
from curate.heads.label_sets import label_sets
from curate.options.refine import RefineOptions
from curate.store.atomic import appearing_file

RATES, BAGS, GAINS = "rates", "bags", "gains"
TITLES = {
    GAINS: "What each class gains",
    RATES: "Rates of missing and wrongly given labels",
    BAGS: "Labels of bags",
}


def bag_labels(applied: HeadOnRun, names: pl.Series, classes: Sequence[str]) -> pl.DataFrame:
    """Return the labels of each bag and their probabilities: one row a bag and label.

    ``names`` (N,) are those of each row's bag; rows without one are left out.
    """
    assert applied.bag is not None
    bags = pl.DataFrame({"bag": names, "at": applied.bag}).drop_nulls("bag").unique().sort("at")
    p = applied.bag_probabilities()[bags["at"].to_numpy()]
    named = label_sets(applied.head.task, p)[:, : len(classes)]
    row, of_class = np.nonzero(named)
    labels = np.array(classes, object)[of_class]
    found = {"bag": bags["bag"].gather(row), "label": labels, "probability": p[row, of_class]}
    return pl.DataFrame(found, schema_overrides={"label": pl.String})


def write_beside(
    options: RefineOptions, tables: dict[str, pl.DataFrame | None]
) -> tuple[tuple[str, Path], ...]:
    """Write the tables that there are beside the output; return what each is, and its path."""
    written = []
    for name, table in tables.items():
        if table is not None:
            with appearing_file(options.beside(name)) as unfinished:
                table.write_parquet(unfinished)
            written.append((TITLES[name], options.beside(name)))
    return tuple(written)
