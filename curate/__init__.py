"""From a crawl to a crawl with a weight for every sample.

In Python, with the options of the command line as keywords:

    import curate

    rows = curate.weight("crawl.parquet", alpha=1.2, beta=1.5)
    rows = curate.refine("crawl.weighted.parquet", verified="verified.csv")
    curate.export("crawl.refined.parquet", to="webdataset", out="shards", labels="refined")

`curate.torch` has datasets and the loss that heeds weights. Nothing heavy is imported before it is
needed.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from curate.commands.export import Exported


def weight(manifest: str | Path, **options: Any) -> "pl.LazyFrame":
    """Do what `curate weight` does; returns the output, lazily.

    Keywords are the command's options: ``alpha``, ``encoder``, ``out``, ``overwrite`` ... Raises
    `curate.errors.CurateError` for what can be mended, and TypeError for an unknown keyword.
    """
    from curate import api

    return api.weight(manifest, **options)


def refine(weighted: str | Path, **options: Any) -> "pl.LazyFrame":
    """Do what `curate refine` does; returns the output, lazily.

    Keywords are the command's options. Raises as `weight` does.
    """
    from curate import api

    return api.refine(weighted, **options)


def export(weighted: str | Path, *, to: str, out: str | Path, **options: Any) -> "Exported":
    """Do what `curate export` does; returns what was counted.

    Keywords are the command's options; ``rename`` is a dict. Raises as `weight` does.
    """
    from curate import api

    return api.export(weighted, to=to, out=out, **options)


def embeddings(
    weighted: str | Path,
    *,
    label: str | None = None,
    prefix: str | None = None,
    run_dir: str | Path | None = None,
) -> "NDArray[np.float16]":
    """Return the features that a crawl was weighed by: (N, D) float16, row by row.

    Rows have unit length (of a sum of encoders each part), and are NaN where status is not ok. The
    array is mapped from a temporary file (TMPDIR) that goes with it, and so may be larger than the
    memory. Rows that were sorted or filtered since are found by their keys; without keys they are
    refused. ``weighted`` is what `curate weight` or `curate refine` wrote; the keywords are theirs,
    for a CSV that does not say them itself. Raises as `weight` does, also where the run's folder
    is gone.
    """
    from curate import api

    return api.embeddings(weighted, label, prefix, run_dir)
