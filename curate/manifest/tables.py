"""Turn CSV, TSV, JSON lines and JSON into Parquet, once."""

import glob
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.manifest.formulas import formula_table, is_ours
from curate.manifest.json_lines import (
    JSON,
    JSON_LINES,
    are_regular,
    json_tables,
)
from curate.manifest.separated import SEPARATORS, separated_tables
from curate.manifest.shared_schema import MOST_EXACT
from curate.manifest.text_files import ending_of
from curate.store.mirror import bring, look
from curate.terminal.printable import brief
from curate.terminal.skipped import Skipped

PARQUET = (".parquet", ".pq")
TEXT = (*SEPARATORS, *JSON_LINES, JSON)
"""Endings of tables that are text; one of PACKED may follow."""


def table_to_parquet(source: Path, target: Path) -> tuple[Skipped, ...]:
    """Write a CSV, TSV, JSON lines or JSON file as Parquet, values as they stand.

    CSV cells stay text, so that 007 is written back as 007. A JSON field that is sometimes a
    number and sometimes a text, or a list and a text, becomes a text. Returns what is in no row of
    its own.
    """
    if _quickly(source, target):
        return ()
    tables, skipped = _read(source)
    try:
        first = next(tables)
        with pq.ParquetWriter(target, first.schema, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table)
    except pa.ArrowException as error:
        raise CurateError(
            f"{source} cannot be read: {brief(str(error).splitlines()[0].rstrip('.'))}; save it as"
            " Parquet."
        ) from error
    return skipped


def _quickly(source: Path, target: Path) -> bool:
    """Let polars, which is several times as fast, convert JSON lines that it reads unchanged."""
    if source.suffix.lower() not in JSON_LINES or not are_regular(source):
        return False
    with suppress(pl.exceptions.PolarsError, pl.exceptions.PanicException):
        scan = pl.scan_ndjson(glob.escape(str(source)), infer_schema_length=None)
        if any("128" in str(kind) for kind in scan.collect_schema().dtypes()):
            return False
        scan.sink_parquet(target, maintain_order=True)
        if _is_exact(target):
            return True
    target.unlink(missing_ok=True)
    return False


def _is_exact(target: Path) -> bool:
    """Tell whether every float is too small to be a whole number that lost digits."""
    columns = [name for name, kind in pl.read_parquet_schema(target).items() if kind.is_float()]
    if not columns:
        return True
    largest = pl.scan_parquet(target, glob=False).select(cs.by_name(columns).abs().max())
    return all(value is None or value < MOST_EXACT for value in largest.collect().row(0))


def _read(source: Path) -> tuple[Iterator[pa.Table], tuple[Skipped, ...]]:
    """Give the rows as small tables, the first of them empty."""
    if ending_of(source) in SEPARATORS:
        tables, skipped = separated_tables(source)
        return _as_they_were(tables), skipped
    return json_tables(source)


def _as_they_were(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Undo what curate does to cells that look like formulas, in a table that it wrote."""
    first = next(tables)
    ours = is_ours(first.column_names)
    for table in chain([first], tables):
        yield formula_table(pl.DataFrame(table)).to_arrow() if ours else table


def read_table(path: Path, option: str, columns: str) -> pl.DataFrame:
    """Read a small table of the user's: Parquet, CSV, TSV, JSON lines or JSON.

    Raises CurateError, which names the option and the wanted columns, if it cannot be read.
    """
    require_file(path, option)
    bring(path)
    if ending_of(path) not in (*TEXT, *PARQUET):
        raise CurateError(
            f"{option} {path} is not a table; give a file that ends in"
            f" {', '.join((*TEXT, *PARQUET))} with columns {columns}."
        )
    try:
        if ending_of(path) in PARQUET:
            return pl.read_parquet(path, glob=False)
        tables, _ = _read(path)
        frame = pl.from_arrow(pa.concat_tables(tables))
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        raise CurateError(
            f"{option} {path} cannot be read: {brief(str(error).splitlines()[0].rstrip('.'))};"
            " write it again."
        ) from error
    except CurateError as error:
        raise CurateError(f"{option} {error}") from error
    assert isinstance(frame, pl.DataFrame)
    return frame


def require_file(path: Path, option: str) -> None:
    """Raise CurateError unless there is a regular file."""
    if not look(path).exists():
        raise CurateError(f"{option} {path} does not exist; name a file.")
    if path.is_dir():
        raise CurateError(f"{option} {path} is a folder; name a file.")
    require_regular(path, f"{option} ")


def require_regular(path: Path, option: str = "") -> None:
    """Raise CurateError for a pipe, a socket or a device, which may have no end."""
    if not path.is_file():
        raise CurateError(
            f"{option}{path} is no regular file (a pipe, a socket or a device); save what it gives"
            " as a file."
        )
