"""`curate weight` itself, on a manifest without images: what its user gets."""

from typing import Any

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.methods import Judgement, Task
from curate.commands.weight import Weighed, weigh
from curate.options.weight import WeightOptions

WEIGHTED = "weighted.parquet"


def judge(task: Task, **options: Any) -> Judgement:
    """Weigh the task's crawl; 'weight' is the order of Eq. 6 before it is cut off at 0.

    A label that is not judged counts as the average one.
    ``options`` as in `weigh_task`.
    """
    weighed = weigh_task(task, **options)
    rows = pl.read_parquet(weighed.out)
    columns = rows.select("label_quality", weight=-pl.col("distance"), consistency="consistency")
    return Judgement(
        {
            column.name: column.fill_null(strategy="mean").to_numpy().astype(np.float64)
            for column in columns
        },
        rows["is_label_issue"].to_numpy(),
        weighed.tally.noise,
    )


def weigh_task(task: Task, **options: Any) -> Weighed:
    """Weigh the task's crawl with these `WeightOptions` in place of the defaults.

    What they do not change is not done again.
    """
    chosen = WeightOptions(
        manifest=task.manifest,
        embeddings=task.folder,
        graph=task.graph,
        out=task.folder / WEIGHTED,
        run_dir=task.folder / "run",
        overwrite=True,
        **options,
    )
    return weigh(chosen, Console(quiet=True))
