"""The columns of an output, from the crawl and from curate, and their names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.class_label import numbered
from curate.manifest.columns import label_type
from curate.manifest.img2dataset import RENAMED
from curate.options.export import GIVEN, SOFT, ExportOptions
from curate.terminal.printable import listed
from curate.weighted.columns import TAR_COLUMNS
from curate.weighted.image_paths import Way, path_column, starting_with, way_from
from curate.weighted.weighted import Weighted

Holds = Callable[[pa.DataType], bool]
FIELD = "json."
"""Begins the names of chosen rows' columns that are fields of JSON in tars."""


class Column(NamedTuple):
    """One column of the output."""

    name: str
    source: str
    """Its name in the crawl, or in the chosen rows."""
    from_crawl: bool
    """Whether it is read from the crawl; otherwise it comes from the chosen rows."""
    cast: pa.DataType | None = None
    """The type of the crawl's labels, which are text until they are written."""
    way: Way | None = None
    """What is put before its paths."""
    names: tuple[str, ...] | None = None
    """For labels that are written as numbers: the name of each number."""


@dataclass(frozen=True)
class Record:
    """The columns that a row of the output is made of."""

    columns: list[Column]
    left_out: list[str]
    """Columns that the format cannot hold."""
    renamed: Mapping[str, str]
    prefix: str

    @property
    def crawl(self) -> list[str]:
        """The columns that are read from the crawl."""
        return [column.source for column in self.columns if column.from_crawl]

    def name(self, column: str) -> str:
        """Say what a column of the crawl is called in the output."""
        return self.renamed.get(column, column)

    def ours(self, column: str) -> str:
        """Say what a column that curate adds is called in the output."""
        return self.name(self.prefix + column)

    def table(self, rows: pl.DataFrame, batch: pa.RecordBatch | None) -> pa.Table:
        """Put the chosen rows and the same rows of the crawl side by side."""
        values = {}
        for column in self.columns:
            if column.from_crawl:
                assert batch is not None
                values[column.name] = _leaving(batch.column(column.source), column.way)
            else:
                labels = rows[column.source]
                if column.names is not None:
                    labels = numbered(labels, column.names)
                ours = labels.to_arrow()
                values[column.name] = ours if column.cast is None else ours.cast(column.cast)
        return pa.table(values)


def _leaving(values: pa.Array, way: Way | None) -> pa.Array:
    return values if way is None else starting_with(way, values)


def crawl_record(
    weighted: Weighted, chosen: pa.Schema, options: ExportOptions, holds: Holds, pictures: bool
) -> Record:
    """Keep all columns of the crawl and of curate that the format can hold.

    The label is the one that is exported, with one spelling for each class; ``given_label`` is
    added beside it if the two may differ. Fields of JSON in tars are columns; one whose name is
    taken has `RENAMED` before it. Image paths start from the folder of the output. With
    ``pictures`` the columns that locate pictures are left out. Raises CurateError for renaming a
    column that is missing, and for two columns of one name.
    """
    manifest, prefix = weighted.manifest, weighted.prefix
    lies = {manifest.columns.image} | (TAR_COLUMNS if manifest.in_tars else set())
    ours = [name for name in weighted.names if name in chosen.names]
    added = {prefix + name for name in weighted.names}
    label, labels = manifest.columns.label, options.labels
    kind = manifest.schema.field(label).type
    cast = pa.list_(label_type(kind)) if manifest.has_label_lists else label_type(kind)
    columns, left_out, paths = [], [], path_column(manifest)
    for field in manifest.schema:
        if field.name in added or (pictures and field.name in lies):
            continue
        if field.name == label:
            columns.append(Column(label, "label", False, cast, names=manifest.class_names))
        elif holds(field.type):
            way = way_from(options.out, manifest) if field.name == paths else None
            columns.append(Column(field.name, field.name, True, way=way))
        else:
            left_out.append(field.name)
    taken = {*manifest.schema.names, *added, prefix + "given_label", prefix + "split"}
    for field in chosen:
        if not field.name.startswith(FIELD):
            continue
        name = field.name.removeprefix(FIELD)
        while name in taken:
            name = RENAMED + name
        taken.add(name)
        if holds(field.type):
            columns.append(Column(name, field.name, False))
        else:
            left_out.append(name)
    if labels not in (GIVEN, SOFT):
        given = Column(
            prefix + "given_label", "given_label", False, cast, names=manifest.class_names
        )
        columns.append(given)
    for name in ours:
        if holds(chosen.field(name).type):
            columns.append(Column(prefix + name, name, False))
        else:
            left_out.append(prefix + name)
    if "split" in chosen.names:
        columns.append(Column(prefix + "split", "split", False))
    renamed = renamed_columns(columns, options.renames, f"{weighted.path} as {options.to}")
    return Record(renamed, left_out, options.renames, prefix)


def fixed_record(chosen: pa.Schema, names: Mapping[str, str], options: ExportOptions) -> Record:
    """Keep the columns of a format that has its own: name in the output -> column of the rows.

    With --url the column of the crawl that it names becomes ``url``.
    """
    columns = [Column(name, at, False) for name, at in names.items() if at in chosen.names]
    if options.url is not None:
        columns.append(Column("url", options.url, True))
    renamed = renamed_columns(columns, options.renames, f"--to {options.to}")
    return Record(renamed, [], options.renames, "")


def renamed_columns(columns: list[Column], rename: Mapping[str, str], what: str) -> list[Column]:
    """Rename columns; of two with one name the first, which is the crawl's.

    Raises CurateError for a name that is missing, and if two columns still have one name.
    """
    present = [column.name for column in columns]
    for old in rename:
        if old not in present:
            raise CurateError(
                f"--rename {old}={rename[old]}: {what} has no column '{old}'; its columns are:"
                f" {listed(present)}."
            )
    left, renamed = dict(rename), []
    for column in columns:
        renamed.append(column._replace(name=left.pop(column.name, column.name)))
    names = [column.name for column in renamed]
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise CurateError(
            f"{what} would have two columns named '{doubled[0]}'; give the crawl's another name"
            f" with --rename {doubled[0]}=NAME."
        )
    return renamed
