"""A pyarrow Table."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from curate.manifest.class_label import with_added


class ArrowTable:
    """A Table; its schema's metadata are kept."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.said = "the pyarrow Table"

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        names: list[str] = self._table.column_names
        return names

    @property
    def rows(self) -> int:
        """N."""
        return int(self._table.num_rows)

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give these columns, with what the metadata say of them."""
        yield self._table.select(names)

    def beside(self, added: pa.Table) -> pa.Table:
        """Give the table with more columns."""
        whole = pa.table(
            [*self._table.columns, *added.columns],
            schema=pa.schema([*self._table.schema, *added.schema]),
        )
        return whole.replace_schema_metadata(with_added(self._table.schema, added.schema))
