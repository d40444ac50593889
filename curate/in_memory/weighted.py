"""The functions that read what `curate.weight` gave back, as a file or as a table in memory."""

import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console

from curate.commands.duplicates import show_duplicates
from curate.commands.export import Exported
from curate.commands.export import export as export_for_trainers
from curate.commands.inspect import inspect as show
from curate.commands.refine import refine as correct
from curate.commands.report import write_page
from curate.errors import CurateError
from curate.in_memory.given import Given, first_table, given_files
from curate.in_memory.kinds import InMemory
from curate.in_memory.remembered import completed, recalled, remember
from curate.in_memory.weigh import NAME, new_columns, scan_output
from curate.manifest.columns import named_columns
from curate.options.columns import ColumnOptions
from curate.options.duplicates import DuplicatesOptions
from curate.options.export import ExportOptions
from curate.options.in_python import Arguments
from curate.options.inspect import InspectOptions
from curate.options.refine import RefineOptions
from curate.options.report import ReportOptions
from curate.options.weighted import WeightedOptions
from curate.store.urls import as_path, named_as_given
from curate.weighted.row_features import row_features
from curate.weighted.weighted import OURS


class ReadsWeighted(Protocol):
    """Options of a command that reads a weighted manifest."""

    @property
    def source(self) -> WeightedOptions:
        """The part that says what is read."""
        ...


Options = TypeVar("Options", bound=ReadsWeighted)


def refine_any(arguments: Arguments[RefineOptions]) -> Any:
    """Refine a file, and scan the output; or a table in memory, which is given back."""
    arguments = completed(arguments)
    table = first_table(arguments.first, "refine")
    if table is None:
        with given_files(None) as given:
            options = given.options(arguments, as_path(arguments.first))
            correct(options, given.console)
            return remember(scan_output(options.output), {**arguments.keywords, "root": None})
    for name in ("out", "overwrite"):
        if arguments.keywords.get(name):
            raise CurateError(
                f"refine({name}=) is for a path; {table.said} is given back with its new columns:"
                f" leave {name}= out."
            )
    with given_files(_require_run(table, arguments.keywords.get("run_dir"), "refine")) as given:
        options = given.options(arguments, NAME)
        path = _weighted_file(table, options.source, given, [options.bag or ""])
        out = path.with_suffix(".refined.parquet")
        correct(replace(options, weighted=path, out=out, overwrite=True), given.console)
        written = pq.read_table(out)
        refined = table.beside(new_columns(written, pq.read_schema(path).names))
        return remember(refined, arguments.keywords)


def export_any(arguments: Arguments[ExportOptions]) -> Exported:
    """Export a file or a table in memory."""
    with _reading(arguments, "export", every=True) as (options, given):
        return export_for_trainers(options, given.console)


def report_any(arguments: Arguments[ReportOptions]) -> Path | str:
    """Write the page of a file or of a table in memory; return where it is."""
    with _reading(arguments, "report", Path("report.parquet")) as (options, given):
        write_page(options, given.console)
        return named_as_given(options.output)


def inspect_any(arguments: Arguments[InspectOptions]) -> dict[str, Any] | None:
    """Show a summary and the worst suspects; with ``as_json`` return them."""
    with _reading(arguments, "inspect") as (options, _):
        return _shown(lambda console: show(options, console), options.as_json)


def duplicates_any(arguments: Arguments[DuplicatesOptions]) -> dict[str, Any] | None:
    """Show the groups of copies; with ``as_json`` return them."""
    with _reading(arguments, "duplicates") as (options, _):
        return _shown(lambda console: show_duplicates(options, console), options.as_json)


def embeddings_any(
    weighted: Any, columns: ColumnOptions, prefix: str | None, run: Path | None
) -> NDArray[np.float16]:
    """Return the features (N, D) that a file or a table in memory was weighed by."""
    table = first_table(weighted, "embeddings")
    path, told = NAME if table else as_path(weighted), recalled(weighted)
    columns = ColumnOptions(columns.label or told.get("label"), key=told.get("key"))
    options = WeightedOptions(path, columns, prefix=prefix or told.get("prefix"), run_dir=run)
    with given_files(None) as given:
        if table is not None:
            _require_run(table, run, "embeddings")
            options = replace(options, path=_weighted_file(table, options, given))
        return row_features(options)


@contextmanager
def _reading(
    arguments: Arguments[Options], function: str, name: Path = NAME, every: bool = False
) -> Iterator[tuple[Options, Given]]:
    """Make the options of a function that only reads; a table in memory is written to a file."""
    arguments = completed(arguments)
    table = first_table(arguments.first, function)
    with given_files(None) as given:
        if table is None:
            yield given.options(arguments, as_path(arguments.first)), given
            return
        options = given.options(arguments, name)
        path = _weighted_file(table, options.source, given, table.names if every else ())
        yield _with_file(options, path, table), given


def _weighted_file(
    table: InMemory, source: WeightedOptions, given: Given, others: Iterable[str] = ()
) -> Path:
    """Write the columns of a table that commands read, and others."""
    prefix = source.prefix or ""
    columns = named_columns(table.names, source.columns, table.said)
    return given.table(table, columns, [*(prefix + name for name in OURS), *others])


def _with_file(options: Any, path: Path, table: InMemory) -> Any:
    """Let options read a file in place of the table; paths start from the working directory."""
    found = {"weighted": path, "root": options.root or Path.cwd()}
    if isinstance(options, ReportOptions):
        title = options.title or table.said.removeprefix("the ")
        found |= {"out": options.output, "title": title, "overwrite": True}
    return replace(options, **found)


def _require_run(table: InMemory, run: str | Path | None, function: str) -> Path:
    """Return the run folder; raises CurateError where none is named."""
    if run is None:
        raise CurateError(
            f"{function}() needs the work of the run that weighed {table.said}; keep it with"
            f" weight(..., run_dir='work') and name it here: {function}(..., run_dir='work')."
        )
    return as_path(run)


def _shown(draw: Callable[[Console | None], None], as_json: bool) -> dict[str, Any] | None:
    if not as_json:
        draw(_screen())
        return None
    text = io.StringIO()
    draw(Console(file=text))
    found: dict[str, Any] = json.loads(text.getvalue())
    return found


def _screen() -> Console | None:
    """Choose the notebook, or what the command line would take."""
    console = Console()
    return console if console.is_jupyter else None
