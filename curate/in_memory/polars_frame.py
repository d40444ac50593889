"""A polars DataFrame or LazyFrame."""

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow as pa

from curate.in_memory.objects import object_array


class PolarsFrame:
    """A DataFrame, or a LazyFrame that has been collected; the same kind is given back."""

    def __init__(self, table: pl.DataFrame | pl.LazyFrame) -> None:
        self._lazy = isinstance(table, pl.LazyFrame)
        self._frame = table.lazy().collect()
        self.said = f"the polars {type(table).__name__}"

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns."""
        return self._frame.columns

    @property
    def rows(self) -> int:
        """N."""
        return len(self._frame)

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give these columns as one table."""
        yield pa.table({name: self._column(self._frame[name]) for name in names})

    def beside(self, added: pa.Table) -> pl.DataFrame | pl.LazyFrame:
        """Give the frame with more columns."""
        columns = pl.DataFrame(added)
        whole = self._frame.hstack(columns)
        return whole.lazy() if self._lazy else whole

    def _column(self, column: pl.Series) -> pa.Array:
        if column.dtype == pl.Object:
            return object_array(column.to_list(), column.name, self.said)
        return column.to_arrow()
