"""cleanlab: a table with the column names of Datalab and CleanLearning."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from curate.exports.check import Row
from curate.exports.csv import append_csv, plain_rows, read_cells
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.manifest.parquet import RowGroups
from curate.options.export import ALL

COLUMNS = {
    "key": "key", "label": "label", "given_label": "given_label",
    "predicted_label": "suggested_label", "label_score": "label_quality",
    "label_quality": "label_quality", "is_label_issue": "is_label_issue", "weight": "weight",
    "split": "split",
}  # fmt: skip
"""label_score is Datalab's name, label_quality CleanLearning's."""


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write one table; no pictures."""
    if job.options.out.suffix == ".csv":
        with path.open("ab") as file:
            yield lambda batch: append_csv(file, pl.DataFrame(batch.table))
    else:
        with RowGroups(path, {}) as groups:
            yield lambda batch: groups.add(batch.table)


def read(job: Job, path: Path) -> Read:
    """Read the table; Datalab takes it as a pandas data frame."""
    label, weight = job.record.name("label"), job.record.name("weight")
    if job.options.out.suffix == ".csv":
        return "Python's csv", (Row(c[label], float(c[weight])) for c in read_cells(path))
    return "pyarrow", _read(path, label, weight)


def _read(path: Path, label: str, weight: str) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(columns=[label, weight]):
            yield from (Row(row[label], row[weight]) for row in batch.to_pylist())


def rows(job: Job, batch: Batch) -> Iterator[Row]:
    """Give labels as the table holds them."""
    if job.options.out.suffix == ".csv":
        yield from plain_rows(job, batch)
    else:
        yield from (Row(*pair) for pair in batch.rows.select("label", "weight").iter_rows())


FORMAT = Format(
    InOrder(write, read),
    splits=True,
    endings=(".parquet", ".csv"),
    keep=ALL,
    columns=COLUMNS,
    rows=rows,
)
