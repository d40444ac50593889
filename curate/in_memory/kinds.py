"""Which kind of table a value is, found without importing a library that the user has not."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import polars as pl
import pyarrow as pa

from curate.in_memory.arrow_table import ArrowTable
from curate.in_memory.label_list import LabelList
from curate.in_memory.polars_frame import PolarsFrame


class InMemory(Protocol):
    """A table in memory."""

    @property
    def said(self) -> str:
        """What messages call it."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns, in order, that are texts."""
        ...

    @property
    def rows(self) -> int:
        """N."""
        ...

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give these columns as tables of one schema, whose rows follow each other.

        Raises CurateError for a column that Arrow cannot hold.
        """
        ...

    def beside(self, added: pa.Table) -> Any:
        """Give the user's table with the columns of ``added`` (N rows) after its own.

        Its own columns and the order of its rows are not changed.
        """
        ...


def table_in_memory(value: object) -> InMemory | None:
    """Open a table in memory; None for a value that is none.

    Raises CurateError for a table that cannot be read, with what to do.
    """
    if isinstance(value, LabelList):
        return value
    if isinstance(value, pl.DataFrame | pl.LazyFrame):
        return PolarsFrame(value)
    if isinstance(value, pa.Table):
        return ArrowTable(value)
    if _is_of("pandas", value):
        from curate.in_memory.pandas_frame import open_pandas

        return open_pandas(value)
    if _is_of("datasets", value):
        from curate.in_memory.hugging_face import open_dataset

        return open_dataset(value)
    return None


def _is_of(library: str, value: object) -> bool:
    """Tell whether a value is of a class of a library, which is not imported for this."""
    return any(each.__module__.partition(".")[0] == library for each in type(value).__mro__)


def is_path(value: object) -> bool:
    """Tell whether a value names a file."""
    return isinstance(value, str | Path)
