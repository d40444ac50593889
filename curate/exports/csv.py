"""CSV: the crawl's columns that fit, and curate's; no cell is a formula."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl

from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.manifest.formulas import plain_table, plain_text
from curate.manifest.text_types import fits

LONGEST_CELL = 2**31 - 1


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write one file with a header."""
    with path.open("ab") as file:
        yield lambda batch: append_csv(file, pl.DataFrame(batch.table))


def append_csv(file: object, table: pl.DataFrame) -> None:
    """Append rows, with a header if the file is still empty."""
    plain_table(table).write_csv(file, include_header=not file.tell())  # type: ignore[attr-defined,call-overload]


def read(job: Job, path: Path) -> Read:
    """Read with Python's own reader."""
    manifest = job.weighted.manifest
    names = job.record.name(manifest.columns.label), job.record.ours("weight")
    return "Python's csv", _read(path, *names)


def read_cells(path: Path) -> Iterator[dict[str, str]]:
    """Read a CSV row by row; all cells are text."""
    csv.field_size_limit(LONGEST_CELL)
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _read(path: Path, label: str, weight: str) -> Iterator[Row]:
    for cells in read_cells(path):
        yield Row(cells[label], float(cells[weight]))


def plain_rows(_: Job, batch: Batch) -> Iterator[Row]:
    """Yield labels as a CSV holds them: plain text, empty if there is none."""
    plain = batch.rows.select(plain_text(pl.col("label")).fill_null(""), "weight")
    yield from (Row(label, weight) for label, weight in plain.iter_rows())


def _rows(job: Job, batch: Batch) -> Iterator[Row]:
    """Yield labels as `plain_rows` does, but as numbers if the crawl's are numbers with names."""
    label = pl.Series(batch.table[job.record.name(job.weighted.manifest.columns.label)])
    rows = batch.rows.with_columns(label.cast(pl.String).alias("label"))
    yield from plain_rows(job, replace(batch, rows=rows))


FORMAT = Format(
    InOrder(write, read),
    splits=True,
    fields=True,
    endings=(".csv",),
    holds=lambda kind: fits(kind, ".csv"),
    rows=_rows,
)
