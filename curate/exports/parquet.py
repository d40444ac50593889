"""Parquet: all columns of the crawl and of curate, which can read it again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.exports.check import Row
from curate.exports.format import Format, InOrder, Read
from curate.exports.job import Batch, Job, Write
from curate.manifest.class_label import described, features
from curate.manifest.columns import NO_KEY
from curate.manifest.parquet import RowGroups
from curate.options.columns import ColumnOptions
from curate.weighted.image_paths import root_of_output
from curate.weighted.origin import KEY, Origin
from curate.weighted.weighted import OURS


@contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write one file; pictures are in it as they are in the crawl: bytes or paths."""
    with RowGroups(path, {**_metadata(job), **_features(job)}) as groups:
        yield lambda batch: groups.add(batch.table)


def read(job: Job, path: Path) -> Read:
    """Read back the columns that are compared."""
    return "pyarrow", _read(job, path)


def rows(job: Job, batch: Batch) -> Iterator[Row]:
    """Compare pictures where their bytes are in the table."""
    yield from _rows(job, batch.table)


def _read(job: Job, path: Path) -> Iterator[Row]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(512, columns=_compared(job)):
            yield from _rows(job, pa.Table.from_batches([batch]))


def _rows(job: Job, table: pa.Table) -> Iterator[Row]:
    label, weight, *image = _compared(job)
    pictures = table[image[0]].to_pylist() if image else [None] * len(table)
    labels, weights = table[label].to_pylist(), table[weight].to_pylist()
    for given, weighs, picture in zip(labels, weights, pictures, strict=True):
        data = picture.get("bytes") if isinstance(picture, dict) else picture
        yield Row(given, weighs, data if isinstance(data, bytes) else None)


def _compared(job: Job) -> list[str]:
    columns, record = job.weighted.manifest.columns, job.record
    names = [record.name(columns.label), record.ours("weight")]
    return names if columns.image is None else [*names, record.name(columns.image)]


def _features(job: Job) -> dict[bytes, bytes]:
    """Keep what Hugging Face's datasets noted on the crawl's columns, such as names of numbers."""
    manifest = job.weighted.manifest
    known = features(manifest.schema)
    here = {column.source for column in job.record.columns if column.from_crawl}
    here |= {manifest.columns.label} if manifest.class_names else set()
    return described({job.record.name(name): known[name] for name in known if name in here})


def _metadata(job: Job) -> dict[bytes, bytes]:
    """Note what made the file, and what its columns are unless curate's were renamed."""
    manifest, record, prefix = job.weighted.manifest, job.record, job.weighted.prefix
    if any(record.ours(name) != prefix + name for name in OURS):
        return {KEY: json.dumps({"made": [each.as_json() for each in job.made]}).encode()}
    columns = manifest.columns
    names = (columns.label, columns.image, columns.key, columns.caption)
    label, image, key, caption = (None if name is None else record.name(name) for name in names)
    if manifest.in_tars:
        label = caption = None
    named = ColumnOptions(label=label, image=image, key=key or NO_KEY, caption=caption)
    out = job.options.out
    # The run that weighed the crawl has other rows, so the file itself stands in for a run.
    root = root_of_output(manifest, out)
    return Origin(out, out, root, named, prefix, made=job.made).metadata(out)


FORMAT = Format(
    InOrder(write, read),
    lists=True,
    soft=True,
    splits=True,
    fields=True,
    endings=(".parquet",),
    holds=lambda _: True,
    rows=rows,
)
