"""Tables written as Parquet, in row groups of a sensible size."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.columns import is_bytes

ROW_GROUP_BYTES = 64 << 20
ROW_GROUP_ROWS = 65_536


class RowGroups:
    """A Parquet file that gathers small tables into row groups; the first gives the schema."""

    def __init__(self, path: Path, metadata: dict[bytes, bytes]) -> None:
        self._path, self._metadata = path, metadata
        self._writer: pq.ParquetWriter | None = None
        self._gathered: list[pa.Table] = []
        self._size = self._rows = 0

    def __enter__(self) -> Self:
        """Open nothing yet: the schema is not known."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write what is left, unless an error came, and close the file."""
        if self._writer is None:
            return
        with self._writer:
            if kind is None:
                self._flush(self._writer)

    def add(self, table: pa.Table) -> None:
        """Add a table; it is in the file when the row group is full."""
        if self._writer is None:
            self._writer = self._opened(table.schema)
        if self._size >= ROW_GROUP_BYTES or self._rows >= ROW_GROUP_ROWS:
            self._flush(self._writer)
        self._gathered.append(table)
        self._size += table.nbytes
        self._rows += table.num_rows

    def _flush(self, writer: pq.ParquetWriter) -> None:
        writer.write_table(pa.concat_tables(self._gathered))
        self._gathered, self._size, self._rows = [], 0, 0

    def _opened(self, schema: pa.Schema) -> pq.ParquetWriter:
        schema = schema.with_metadata({**(schema.metadata or {}), **self._metadata})
        repeating = [column for field in schema for column in _repeating(field.name, field.type)]
        return pq.ParquetWriter(self._path, schema, compression="zstd", use_dictionary=repeating)


def write_parquet(path: Path, tables: Iterable[pa.Table], metadata: dict[bytes, bytes]) -> None:
    """Write tables as one file; see `RowGroups`."""
    with RowGroups(path, metadata) as groups:
        for table in tables:
            groups.add(table)


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
