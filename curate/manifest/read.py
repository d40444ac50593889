"""Rows of shards, streamed forward through each Parquet file once."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.batch_rows import READ_AHEAD_BYTES, batch_rows
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.shared_schema import conform


def read_shards(
    manifest: Manifest, shards: Sequence[Shard], columns: Sequence[str] | None = None
) -> Iterator[tuple[Shard, Iterator[pa.RecordBatch]]]:
    """Give each shard with its rows in small batches; shards in plan order, columns None: all.

    A column may be a field of another, as in image.path; its other fields are null.
    Use all rows of a shard before you ask for the next shard. Row groups that no
    shard needs are not read.
    """
    for index, part in enumerate(manifest.parts):
        wanted = [shard for shard in shards if shard.part == index]
        if not wanted:
            continue
        # With pre_buffer a whole row group is in memory, and some hold gigabytes of pictures.
        with pq.ParquetFile(part.open(), buffer_size=READ_AHEAD_BYTES, pre_buffer=False) as file:
            rows = _Forward(_numbered_batches(part.path, file, wanted, columns, manifest.schema))
            for shard in wanted:
                yield shard, rows.take(shard)


def read_rows(
    manifest: Manifest, rows: Sequence[int], columns: Sequence[str]
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Give single rows of the manifest (each once, in ascending order), as batches of one row."""
    wanted, first = [], 0
    for index, part in enumerate(manifest.parts):
        inside = sorted({row for row in rows if first <= row < first + part.rows})
        wanted += [Shard(str(row), index, row - first, 1, row) for row in inside]
        first += part.rows
    for shard, batches in read_shards(manifest, wanted, columns):
        yield shard.first_row, next(batches)


def _numbered_batches(
    path: Path,
    file: pq.ParquetFile,
    wanted: Sequence[Shard],
    columns: Sequence[str] | None,
    schema: pa.Schema,
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read the row groups that the wanted shards touch; with each batch the row it starts at."""
    names, shared = None, schema
    if columns is not None:
        whole = {name: name if name in schema.names else name.partition(".")[0] for name in columns}
        kept = [field for field in schema if field.name in whole.values()]
        shared = pa.schema(kept, schema.metadata)
        # If a file has none of them, one column is read for its number of rows.
        present = file.schema_arrow.names
        names = [name for name in columns if whole[name] in present] or present[:1]
    start = 0
    for group in range(file.metadata.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        if any(shard.start < stop and start < shard.stop for shard in wanted):
            at = start
            rows = batch_rows(path, file, group, names)
            for batch in file.iter_batches(rows, row_groups=[group], columns=names):
                yield at, conform(batch, shared)
                at += batch.num_rows
        start = stop


class _Forward:
    """Deals a stream of batches out to shards; a batch may reach over several."""

    def __init__(self, batches: Iterator[tuple[int, pa.RecordBatch]]) -> None:
        self._batches = batches
        self._left_over: tuple[int, pa.RecordBatch] | None = None

    def take(self, shard: Shard) -> Iterator[pa.RecordBatch]:
        stop = shard.start
        while stop < shard.stop:
            start, batch = self._left_over or next(self._batches)
            stop = start + batch.num_rows
            self._left_over = (start, batch) if stop > shard.stop else None
            low, high = max(shard.start, start), min(shard.stop, stop)
            if low < high:
                yield batch.slice(low - start, high - low)
