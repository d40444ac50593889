"""The fields of the JSON beside the pictures of tars, as columns of the chosen rows."""

import json
from pathlib import Path
from typing import Any

import polars as pl

from curate.errors import CurateError
from curate.exports.job import Advance, Job
from curate.exports.record import FIELD, Column, Record
from curate.manifest.columns import exact_column
from curate.manifest.img2dataset import RENAMED
from curate.manifest.tables import table_to_parquet
from curate.manifest.tar_json import JsonBeside
from curate.manifest.tar_members import DamagedTar
from curate.manifest.text_types import fits
from curate.options.export import ExportOptions
from curate.terminal.skipped import Passed, Skipped
from curate.weighted.columns import TAR_COLUMNS
from curate.weighted.weighted import Weighted

MOST_FIELDS = 256
"""Where samples have more fields, all together, they get one column with their JSON; so too where
Parquet has no type for a field, such as lists of objects that are all empty."""
WHOLE = "json"
"""That column."""
DEEPEST = 8
"""Objects or lists in one another; what is deeper is written as text."""
Fields = dict[str, Any]


def add_fields(
    weighted: Weighted, options: ExportOptions, chosen: Path, nested: bool, advance: Advance
) -> tuple[Skipped, ...]:
    """Add the fields of their samples' JSON to the chosen rows of a crawl in tars.

    Each field becomes a column, named `FIELD` and the field, of the type that holds all its values:
    of text where they are of different kinds, or where they are lists or objects and not
    ``nested``. A field that says in every row what a column of the crawl says is left out.
    Reads one tar after the other and holds few rows. Says of which rows the tars cannot be read.
    """
    beside = _Beside(weighted, nested)
    lines, table, both = (
        chosen.with_name(name) for name in ("fields.jsonl", "fields.parquet", "both.parquet")
    )
    job = Job(weighted, options, Record(beside.columns, [], {}, ""), chosen, False)
    with lines.open("w", encoding="utf-8") as file:
        for batch in job.batches(advance):
            for row in batch.table.to_pylist():
                file.write(f"{json.dumps(beside.fields(row))}\n")
    names = [name for name, columns in beside.told_by.items() if not columns]
    if names:
        if len(beside.told_by) > MOST_FIELDS or not _are_columns(lines, table):
            names = [WHOLE]
            table_to_parquet(_whole(lines), table)
        fields = pl.scan_parquet(table, glob=False).select(
            exact_column(name).alias(FIELD + name) for name in names
        )
        rows = pl.scan_parquet(chosen, glob=False)
        pl.concat([rows, fields], how="horizontal").sink_parquet(both)
        both.replace(chosen)
    return beside.passed.skipped


class _Beside:
    """Finds the fields of one row after the other."""

    def __init__(self, weighted: Weighted, nested: bool) -> None:
        manifest = weighted.manifest
        ours = {weighted.prefix + name for name in weighted.names}
        known = [each.name for each in manifest.schema if fits(each.type, ".jsonl")]
        known = [name for name in known if name not in ours | TAR_COLUMNS]
        self.columns = [Column(name, name, True) for name in (*known, "tar", "offset")]
        self.told_by: dict[str, set[str]] = {}
        """For each field, in the order in which they come: the crawl's columns that say the same,
        of its name or the name that an earlier export gave it."""
        self.passed, self._known = Passed(), {*known}
        self._locate, self._key, self._nested = manifest.locate, manifest.columns.key, nested
        self._json = JsonBeside()

    def fields(self, row: Fields) -> Fields:
        """Read the JSON of a sample; empty where there is none."""
        key = row[self._key] if self._key is not None else None
        at = str(key) if row["offset"] is None else row["offset"]
        try:
            own = self._json.of(self._locate(row["tar"]), at)
        except (OSError, DamagedTar):
            self.passed.add("rows without the fields of JSON, whose tar cannot be read", str(key))
            return {}
        for name, value in own.items():
            if name not in self.told_by:
                self.told_by[name] = self._known & {name, RENAMED + name}
            columns = self.told_by[name]
            if columns and value is not None:
                columns -= {column for column in columns if _text(row[column]) != _text(value)}
        return {name: self._held(value) for name, value in own.items()}

    def _held(self, value: Any) -> Any:
        is_plain = not isinstance(value, list | dict)
        deepest = DEEPEST if self._nested else 0
        return value if is_plain or not _is_deeper(value, deepest) else json.dumps(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return not levels or any(_is_deeper(each, levels - 1) for each in inner)


def _are_columns(lines: Path, table: Path) -> bool:
    """Write the fields as columns of ``table``; False where Parquet cannot hold one of them."""
    try:
        table_to_parquet(lines, table)
    except CurateError:
        return False
    return True


def _whole(lines: Path) -> Path:
    """Write each line as the one field of a new line."""
    path = lines.with_name("whole.jsonl")
    with lines.open(encoding="utf-8") as read, path.open("w", encoding="utf-8") as file:
        for line in read:
            text = line.rstrip("\n")
            file.write(f"{json.dumps({WHOLE: text if text != '{}' else None})}\n")
    return path
