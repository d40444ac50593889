"""Tables written as Parquet, in row groups of a sensible size."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.columns import is_bytes

ROW_GROUP_BYTES = 64 << 20
ROW_GROUP_ROWS = 65_536


def write_parquet(path: Path, tables: Iterator[pa.Table], metadata: dict[bytes, bytes]) -> None:
    """Gather small tables into row groups of a sensible size."""
    first = next(tables)
    schema = first.schema.with_metadata({**(first.schema.metadata or {}), **metadata})
    repeating = [column for field in schema for column in _repeating(field.name, field.type)]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=repeating) as writer:
        gathered, size, rows = [first], first.nbytes, first.num_rows
        for table in tables:
            if size >= ROW_GROUP_BYTES or rows >= ROW_GROUP_ROWS:
                writer.write_table(pa.concat_tables(gathered))
                gathered, size, rows = [], 0, 0
            gathered.append(table)
            size += table.nbytes
            rows += table.num_rows
        writer.write_table(pa.concat_tables(gathered))


def _repeating(path: str, kind: pa.DataType) -> list[str]:
    """Name the Parquet columns of a column for which a dictionary may save space.

    Numbers with a fraction hardly ever repeat, nor do pictures.
    """
    if pa.types.is_struct(kind):
        inner = [(f"{path}.{field.name}", field.type) for field in kind]
    elif pa.types.is_map(kind):
        inner = [(f"{path}.key_value.key", kind.key_type)]
        inner += [(f"{path}.key_value.value", kind.item_type)]
    elif pa.types.is_nested(kind):
        inner = [(f"{path}.list.element", kind.value_type)]
    else:
        return [] if pa.types.is_floating(kind) or is_bytes(kind) else [path]
    return [column for part in inner for column in _repeating(*part)]
