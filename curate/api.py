"""The commands as functions: their options are keywords."""

import glob
import re
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rich.console import Console

from curate.commands.export import Exported
from curate.commands.export import export as export_for_trainers
from curate.commands.refine import refine as correct
from curate.commands.weight import weigh
from curate.errors import CurateError
from curate.manifest.formulas import formula_table
from curate.options.columns import ColumnOptions
from curate.options.export import ExportOptions
from curate.options.in_python import python_function
from curate.options.refine import RefineOptions
from curate.options.weight import WeightOptions
from curate.options.weighted import WeightedOptions
from curate.store.urls import shown_urls
from curate.weighted.row_features import row_features

P = ParamSpec("P")
Result = TypeVar("Result")
KINDS: tuple[Any, ...] = (WeightOptions, RefineOptions, ExportOptions)
FIELDS = [field for kind in KINDS for field in fields(kind)]
KEYWORDS = {field.name for field in FIELDS}
FLAGS = {field.name for field in FIELDS if field.default is False}
OPTION = re.compile(r"--([a-z][a-z-]*[a-z])\b")
VALUE_AT_START = re.compile(r"^(\w+=) ")


def _in_python(run: Callable[P, Result]) -> Callable[P, Result]:
    """Speak of keywords, not of the command line's options, in errors that can be mended."""

    @wraps(run)
    def call(*args: P.args, **given: P.kwargs) -> Result:
        try:
            return run(*args, **given)
        except CurateError as error:
            error.args = (VALUE_AT_START.sub(r"\1", OPTION.sub(_keyword, shown_urls(str(error)))),)
            raise

    return call


def _keyword(found: re.Match[str]) -> str:
    """Write an option as a keyword; what is no option of ours is left alone."""
    name = found[1].replace("-", "_")
    if name in FLAGS:
        return f"{name}=True"
    return f"{name}=" if name in KEYWORDS else found[0]


def _weigh(options: WeightOptions) -> pl.LazyFrame:
    weigh(options, Console(stderr=True))
    return _scan(options.output)


def _refine(options: RefineOptions) -> pl.LazyFrame:
    correct(options, Console(stderr=True))
    return _scan(options.output)


def _export(options: ExportOptions) -> Exported:
    return export_for_trainers(options, Console(stderr=True))


def _scan(output: Path) -> pl.LazyFrame:
    if output.suffix == ".parquet":
        return pl.scan_parquet(output, glob=False)
    if output.suffix == ".jsonl":
        return pl.scan_ndjson(glob.escape(str(output)), infer_schema_length=None)
    return formula_table(pl.scan_csv(output, infer_schema=False, glob=False))


weight = _in_python(
    python_function(
        "weight",
        WeightOptions,
        _weigh,
        """Do what `curate weight` does; returns the output, lazily.

        Keywords are the command's options. Raises `curate.errors.CurateError` for what can be
        mended, and TypeError for an unknown keyword.
        """,
    )
)
refine = _in_python(
    python_function(
        "refine",
        RefineOptions,
        _refine,
        """Do what `curate refine` does; returns the output, lazily.

        Keywords are the command's options. Raises as `weight` does.
        """,
    )
)
export = _in_python(
    python_function(
        "export",
        ExportOptions,
        _export,
        """Do what `curate export` does; returns what was counted.

        Keywords are the command's options; ``rename`` may be a dict. Raises as `weight` does.
        """,
    )
)


@_in_python
def embeddings(
    weighted: str | Path,
    *,
    label: str | None = None,
    prefix: str | None = None,
    run_dir: str | Path | None = None,
) -> NDArray[np.float16]:
    """Return the features that a crawl was weighed by: (N, D) float16, row by row.

    Rows have unit length (of a sum of encoders each part), and are NaN where status is not ok. The
    array is mapped from a temporary file (TMPDIR) that goes with it, and so may be larger than the
    memory. Rows that were sorted or filtered since are found by their keys; without keys they are
    refused. ``weighted`` is what `curate weight` or `curate refine` wrote; the keywords are theirs,
    for a CSV that does not say them itself. Raises as `weight` does, also where the run's folder
    is gone.
    """
    folder = None if run_dir is None else Path(run_dir)
    columns = ColumnOptions(label=label)
    return row_features(WeightedOptions(Path(weighted), columns, prefix=prefix, run_dir=folder))
