"""`curate weight` itself, on a manifest without images: what its user gets."""

from typing import Any

import numpy as np
import polars as pl
from rich.console import Console

from benchmarks.methods import Judgement, Task
from curate.options import WeightOptions
from curate.weigh import weigh


def judge(task: Task, **chosen: Any) -> Judgement:
    """Weigh the task's crawl; 'weight' is the order of Eq. 6 before it is cut off at 0.

    ``chosen`` are options of `curate weight`; what they do not change is not done again.
    """
    weighed = weigh(
        WeightOptions(
            manifest=task.manifest,
            embeddings=task.folder,
            graph=task.graph,
            out=task.folder / "weighted.parquet",
            run_dir=task.folder / "run",
            overwrite=True,
            **chosen,
        ),
        Console(quiet=True),
    )
    rows = pl.read_parquet(weighed.out)
    columns = rows.select("label_quality", weight=-pl.col("distance"), consistency="consistency")
    return Judgement(
        {column.name: column.to_numpy().astype(np.float64) for column in columns},
        rows["is_label_issue"].to_numpy(),
        weighed.tally.noise,
    )
