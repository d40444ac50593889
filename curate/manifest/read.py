"""Rows of shards, streamed forward through each Parquet file once."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.shared_schema import conform

BATCH_ROWS, BATCH_BYTES = 8_192, 8 << 20
"""At most so many rows at a time, fewer where they are big: until they are read, decoders idle."""
PICTURES = 512
"""At most so many with pictures in them: one that repeats is written once, and seems small."""
READ_AHEAD_BYTES = 1 << 20


def read_shards(
    manifest: Manifest, shards: Sequence[Shard], columns: Sequence[str] | None = None
) -> Iterator[tuple[Shard, Iterator[pa.RecordBatch]]]:
    """Give each shard with its rows in small batches; shards in plan order, columns None: all.

    The rows of a shard are to be used up before the next shard is asked for. Row groups that no
    shard needs are not read.
    """
    for index, part in enumerate(manifest.parts):
        wanted = [shard for shard in shards if shard.part == index]
        if not wanted:
            continue
        # With pre_buffer a whole row group is in memory, and some hold gigabytes of pictures.
        with pq.ParquetFile(part.open(), buffer_size=READ_AHEAD_BYTES, pre_buffer=False) as file:
            rows = _Forward(_numbered_batches(file, wanted, columns, manifest.schema))
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
    file: pq.ParquetFile,
    wanted: Sequence[Shard],
    columns: Sequence[str] | None,
    schema: pa.Schema,
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read the row groups that the wanted shards touch; with each batch the row it starts at."""
    shared = pa.schema(
        [field for field in schema if columns is None or field.name in columns], schema.metadata
    )
    names = None
    if columns is not None:
        # Of a file that has none of them one column is read, for its number of rows.
        there = file.schema_arrow.names
        names = [name for name in shared.names if name in there] or there[:1]
    wanted_fields = [f for f in file.schema_arrow if names is None or f.name in names]
    most = PICTURES if any(_may_be_picture(field.type) for field in wanted_fields) else BATCH_ROWS
    start = 0
    for group in range(file.metadata.num_row_groups):
        stop = start + file.metadata.row_group(group).num_rows
        if any(shard.start < stop and start < shard.stop for shard in wanted):
            at = start
            rows = min(_batch_rows(file.metadata.row_group(group), names), most)
            for batch in file.iter_batches(rows, row_groups=[group], columns=names):
                yield at, conform(batch, shared)
                at += batch.num_rows
        start = stop


def _batch_rows(group: pq.RowGroupMetaData, names: Sequence[str] | None) -> int:
    chunks = [group.column(index) for index in range(group.num_columns)]
    size = sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if names is None or chunk.path_in_schema.partition(".")[0] in names
    )
    return max(1, int(BATCH_BYTES * group.num_rows // max(size, 1)))


def _may_be_picture(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
             pa.types.is_struct)  # fmt: skip
    return any(test(kind) for test in tests)


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
