"""JSON lines: the crawl's columns that fit, and curate's."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read, held
from curate.exports.job import Job, Write
from curate.manifest.text_types import fits


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write an object a line."""
    with path.open("ab") as file:
        yield lambda batch: pl.DataFrame(batch.table).write_ndjson(file)


def read(job: Job, path: Path) -> Read:
    """Read line by line."""
    label = job.record.name(job.weighted.manifest.columns.label)
    return "Python's json", _read(path, label, job.record.ours("weight"))


def _read(path: Path, label: str, weight: str) -> Iterator[Row]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            fields = json.loads(line)
            yield Row(fields[label], fields[weight])


FORMAT = Format(
    InOrder(write, read),
    lists=True,
    soft=True,
    splits=True,
    fields=True,
    endings=(".jsonl",),
    holds=lambda kind: fits(kind, ".jsonl"),
    rows=held,
)
