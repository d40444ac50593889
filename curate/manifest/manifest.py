"""A manifest: Parquet files whose rows, in order, are the crawl."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.manifest.class_label import class_names, named
from curate.manifest.columns import (
    Columns,
    check_names,
    check_width,
    exact_column,
    is_list,
    label_type,
)
from curate.manifest.mistaken import LONGEST_MAGIC, mistaken_for
from curate.manifest.shared_schema import conformed
from curate.manifest.unchanged import SeenFile, require_unchanged
from curate.store.mirror import bring
from curate.terminal.skipped import Skipped


@dataclass(frozen=True)
class Part:
    """One Parquet file of the manifest."""

    path: Path
    rows: int
    identity: str
    """Changes when the user's file changes."""
    sources: tuple[SeenFile, ...] = ()
    """The user's files that rows are read from: itself, or the tars that it indexes."""

    def open(self) -> Path:
        """Return the path to read; raises CurateError if the file has changed."""
        require_unchanged(file for file in self.sources if file.path == self.path)
        return bring(self.path, keep=True)

    def scan(self) -> pl.LazyFrame:
        """Scan it lazily."""
        return pl.scan_parquet(self.open(), glob=False)


@dataclass(frozen=True)
class Manifest:
    """The crawl that the user named: Parquet files, and which columns are label, image and so on.

    Other formats were turned into one Parquet file in the run folder; images stay where they are.
    """

    path: Path
    """What the user named."""
    parts: tuple[Part, ...]
    schema: pa.Schema
    columns: Columns
    root: Path
    """Image paths do not leave it; see `locate`."""
    in_tars: bool = False
    """Image paths name tars; columns offset and length say where in them."""
    skipped: tuple[Skipped, ...] = ()
    """What in the user's files is in no row."""

    differing: bool = False
    """Parts have other columns than ``schema``, which holds them; see `shared_schema`."""

    @property
    def rows(self) -> int:
        """N."""
        return sum(part.rows for part in self.parts)

    def locate(self, path: str) -> Path:
        """Return where an image path leads: from the root, or from the file if it begins with .. .

        Exports write such paths if their output does not lie above the pictures.
        """
        return (self.home if path.startswith("../") else self.root) / path

    @cached_property
    def home(self) -> Path:
        """The folder of what the user named."""
        return self.path if self.path.is_dir() else self.path.absolute().parent

    @property
    def has_label_lists(self) -> bool:
        """Tell whether an image has a list of labels rather than one."""
        label = self.columns.label
        return label in self.schema.names and is_list(self.schema.field(label).type)

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the labels if these are the numbers of a ClassLabel."""
        return class_names(self.schema, self.columns.label)

    @property
    def label_type(self) -> pa.DataType:
        """The type of one label in columns that are added: of numbers with names it is text."""
        kind = label_type(self.schema.field(self.columns.label).type)
        return pa.string() if self.class_names else kind

    def label_texts(self, labels: pl.Expr) -> pl.Expr:
        """Give values of the label column, or the elements of its lists, as text or their names."""
        names = self.class_names
        return as_text(labels if names is None else named(labels, names))

    def scan(self) -> pl.LazyFrame:
        """Scan all parts lazily, in order."""
        if not self.differing:
            return pl.scan_parquet([part.open() for part in self.parts], glob=False)
        return pl.concat([conformed(part.scan(), self.schema) for part in self.parts])

    def require_unchanged(self) -> None:
        """Raise CurateError if the user's files are no longer those that were opened."""
        for part in self.parts:
            require_unchanged(part.sources)

    def scan_labels(self, *others: pl.Expr) -> pl.LazyFrame:
        """Scan the labels' names, null for none, as the column label, with others beside it.

        A row with a list appears once for each distinct label, and not at all if it is empty.
        """
        label = exact_column(self.columns.label)
        if not self.has_label_lists:
            return self.scan().select(self.label_texts(label).alias("label"), *others)
        lists = self.label_lists.list.unique(maintain_order=True)
        rows = self.scan().select(lists.alias("label"), *others)
        exploded = rows.filter(pl.col("label").list.len() > 0).explode("label")
        return exploded.with_columns(as_text(pl.col("label")))

    @property
    def label_lists(self) -> pl.Expr:
        """Give the lists of labels as lists of text or names."""
        lists = exact_column(self.columns.label)
        kind = self.schema.field(self.columns.label).type
        if pa.types.is_fixed_size_list(kind):
            lists = lists.arr.to_list()
        return lists.list.eval(self.label_texts(pl.element()))


def as_text(labels: pl.Expr) -> pl.Expr:
    """Give labels as text; an empty one is null."""
    text = labels.cast(pl.String)
    return pl.when(text != "").then(text)


def parquet_part(
    path: Path, identity: str, sources: tuple[SeenFile, ...] = ()
) -> tuple[Part, pa.Schema]:
    """Read a Parquet file's footer; raises CurateError if it is no Parquet file."""
    try:
        with pq.ParquetFile(bring(path)) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        with path.open("rb") as opened:
            kind = mistaken_for(opened.read(LONGEST_MAGIC))
        if kind is not None and not kind.startswith("a Parquet file"):
            raise CurateError(f"{path} is {kind}.") from error
        raise CurateError(
            f"{path} is not a readable Parquet file ({str(error).splitlines()[0].rstrip('.')});"
            " write it again, or give it the ending of what it is (.csv, .jsonl, .tar)."
        ) from error
    check_width(len(schema), path)
    check_names(schema.names, path)
    return Part(path, rows, identity, sources), schema
