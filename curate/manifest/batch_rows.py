"""How many rows of a Parquet file to read at a time: as many as surely fit when decoded."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curate.manifest.columns import is_bytes

BATCH_ROWS, BATCH_BYTES = 8_192, 8 << 20
"""Most rows at a time, fewer if they are big: decoders idle until a batch is read."""
PICTURES = 512
"""The most rows at a time that hold pictures."""
MOST_BYTES = 64 << 20
"""The most that a batch may take if all its rows hold the longest value: a dictionary stores a
value once, however often it repeats."""
READ_AHEAD_BYTES = 1 << 20
COMPRESSIBLE = 20
"""Pictures and texts never compress this many times; values that do may be of any length."""


def batch_rows(path: Path, file: pq.ParquetFile, group: int, names: Sequence[str] | None) -> int:
    """Choose how many rows of a row group to read at a time; columns None: all."""
    facts = file.metadata.row_group(group)
    leaves = [
        leaf
        for leaf in map(facts.column, range(facts.num_columns))
        if names is None or leaf.path_in_schema.partition(".")[0] in names
    ]
    size = sum(leaf.total_uncompressed_size for leaf in leaves)
    fields = [f for f in file.schema_arrow if names is None or f.name in names]
    has_pictures = any(is_bytes(f.type) or pa.types.is_struct(f.type) for f in fields)
    most = PICTURES if has_pictures else BATCH_ROWS
    rows = max(1, min(most, int(BATCH_BYTES * facts.num_rows // max(size, 1))))
    longest = sum(_longest(path, group, leaf, rows) for leaf in leaves)
    return max(1, min(rows, MOST_BYTES // max(longest, 1)))


def _longest(path: Path, group: int, leaf: pq.ColumnChunkMetaData, rows: int) -> int:
    """Return the most bytes that a value of a column may take; 0 if that does not matter."""
    most = int(leaf.total_uncompressed_size)
    if leaf.physical_type != "BYTE_ARRAY" or most * rows <= MOST_BYTES:
        return 0
    if "DELTA_BYTE_ARRAY" in leaf.encodings:  # Each value may repeat the one before.
        return most
    lengths = _dictionary_lengths(path, group, leaf) if leaf.has_dictionary_page else [0]
    others = most - sum(lengths)
    if others > MOST_BYTES and most > COMPRESSIBLE * leaf.total_compressed_size:
        return most
    return max(lengths, default=0)


def _dictionary_lengths(path: Path, group: int, leaf: pq.ColumnChunkMetaData) -> list[int]:
    """Read a column's dictionary alone, with its first row."""
    name = leaf.path_in_schema
    with pq.ParquetFile(
        path, read_dictionary=[name], buffer_size=READ_AHEAD_BYTES, pre_buffer=False
    ) as file:
        batch = next(file.iter_batches(1, row_groups=[group], columns=[name]))
    return [
        length or 0
        for column in batch.columns
        for dictionary in _dictionaries(column)
        for length in pc.binary_length(dictionary).to_pylist()
    ]


def _dictionaries(column: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_dictionary(column.type):
        yield column.dictionary
    elif pa.types.is_struct(column.type):
        for inner in column.flatten():
            yield from _dictionaries(inner)
    elif hasattr(column, "values"):
        yield from _dictionaries(column.values)
