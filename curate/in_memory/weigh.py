"""`curate.weight` and `curate.embed`: of a path, or of a table in memory."""

import glob
import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.commands.embed import embed
from curate.commands.weight import added_names, weigh
from curate.crawl.feature_array import stored_array
from curate.errors import CurateError
from curate.in_memory.given import Given, first_table, given_files
from curate.in_memory.kinds import InMemory
from curate.in_memory.label_list import LabelList
from curate.in_memory.remembered import remember
from curate.manifest.columns import named_columns
from curate.manifest.formulas import formula_table
from curate.options.embed import EmbedOptions
from curate.options.in_python import Arguments
from curate.options.weight import WeightOptions
from curate.scoring.summary import show_failures
from curate.store.run import default_folder
from curate.store.urls import as_path
from curate.weighted.columns import refuse_taken_names

Call = TypeVar("Call", bound=Callable[..., Any])
NAME = Path("table.parquet")
"""Stands for the file of a table until it is written."""
FOR_FILES = ("out", "slim", "overwrite")
"""Options that say how a file is written."""


def weigh_any(arguments: Arguments[WeightOptions]) -> Any:
    """Weigh a path, and scan the output; or a table in memory, which is given back."""
    table = first_table(arguments.first, "weight")
    if table is not None:
        return _weigh_table(table, arguments)
    with given_files(_run_folder(as_path(arguments.first), arguments.keywords)) as given:
        options = given.options(arguments, as_path(arguments.first))
        _weigh(options, given)
        return remember(scan_output(options.output), {**arguments.keywords, "root": None})


def or_labels(weight: Call) -> Call:
    """Let a function take ``labels`` with ``embeddings`` in the place of a table."""

    @wraps(weight)
    def call(*given: Any, labels: Any = None, **keywords: Any) -> Any:
        if labels is None:
            if not given and "manifest" not in keywords:
                raise TypeError(
                    "curate.weight(): give a path or a table first, or labels= with embeddings=."
                )
            return weight(*given, **keywords)
        if given or "manifest" in keywords or keywords.get("embeddings") is None:
            raise TypeError(
                "curate.weight(): labels= goes with embeddings=, in the place of a table; give"
                " weight(labels=..., embeddings=...), or a table with a column of labels."
            )
        column = LabelList(labels)
        _require_pairs(column, keywords["embeddings"])
        return weight(column, **keywords)

    signature = inspect.signature(weight)
    first, *rest = signature.parameters.values()
    added = inspect.Parameter("labels", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters = [first.replace(default=None), *rest, added]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return cast(Call, call)


def _require_pairs(labels: LabelList, embeddings: Any) -> None:
    """Raise CurateError unless an array of embeddings (N, D) has a row for each label (N,)."""
    shape: tuple[int, ...] = getattr(embeddings, "shape", ())
    if len(shape) == 1 and labels.are_rows:
        raise CurateError(
            "labels= holds rows of numbers, and embeddings= one value for each; exchange them."
        )
    if len(shape) == 2 and shape[0] != labels.rows:
        raise CurateError(
            f"the array embeddings= has {shape[0]:,} embeddings and labels= has {labels.rows:,}"
            " rows; give one label for each embedding, in their order."
        )


def embed_any(arguments: Arguments[EmbedOptions]) -> NDArray[np.float16]:
    """Make the features (N, D) of a path, where `weigh_any` finds them, or of a table."""
    table = first_table(arguments.first, "embed")
    if table is None:
        with given_files(_run_folder(as_path(arguments.first), arguments.keywords)) as given:
            options = given.options(arguments, as_path(arguments.first))
            return _embed(options.weigh_options, given)
    with given_files(arguments.keywords.get("run_dir")) as given:
        options = given.options(arguments, NAME)
        return _embed(_of_table(table, options.weigh_options, given), given)


def _weigh_table(table: InMemory, arguments: Arguments[WeightOptions]) -> Any:
    for name in FOR_FILES:
        if arguments.keywords.get(name):
            raise CurateError(
                f"weight({name}=) is for a path; {table.said} is given back with its new columns,"
                f" and nothing is written: leave {name}= out."
            )
    with given_files(arguments.keywords.get("run_dir")) as given:
        options = given.options(arguments, NAME)
        refuse_taken_names(table.names, options.prefix, table.said, added_names(options))
        options = _of_table(table, options, given)
        _weigh(options, given)
        written = pq.read_table(options.output)
    weighed = table.beside(new_columns(written, written.column_names[:1]))
    return remember(weighed, arguments.keywords)


def _of_table(table: InMemory, options: WeightOptions, given: Given) -> WeightOptions:
    """Write a table to a file, and make the options for that."""
    columns = named_columns(table.names, options.columns, table.said)
    path = given.table(table, columns)
    root = options.root or Path.cwd()
    out = path.with_suffix(".weighted.parquet")
    return replace(
        options, manifest=path, out=out, run_dir=given.run, root=root, slim=True, overwrite=True
    )


def _weigh(options: WeightOptions, given: Given) -> None:
    weighed = weigh(options, given.console)
    show_failures(given.console, weighed.tally, str(options.manifest), weighed.tried)


def _embed(options: WeightOptions, given: Given) -> NDArray[np.float16]:
    embedded = embed(options, given.console)
    return stored_array(embedded.shards, embedded.features)


def _run_folder(path: Path, keywords: Mapping[str, Any]) -> Path:
    if keywords.get("run_dir") is not None:
        return as_path(keywords["run_dir"])
    return default_folder(path, as_path(keywords.get("out") or path))


def new_columns(written: pa.Table, known: list[str]) -> pa.Table:
    """Give the columns of what was written that were not known before."""
    return written.drop_columns(known).replace_schema_metadata(None)


def scan_output(output: Path) -> pl.LazyFrame:
    """Scan what a command wrote."""
    if output.suffix == ".parquet":
        return pl.scan_parquet(output, glob=False)
    if output.suffix == ".jsonl":
        return pl.scan_ndjson(glob.escape(str(output)), infer_schema_length=None)
    return formula_table(pl.scan_csv(output, infer_schema=False, glob=False))
