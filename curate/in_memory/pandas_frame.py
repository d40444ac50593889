"""A pandas DataFrame."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from curate.errors import CurateError
from curate.in_memory.objects import object_array
from curate.manifest.columns import is_text
from curate.terminal.printable import brief

NULLABLE: dict[Any, Any] = {
    pa.bool_(): pd.BooleanDtype(),
    pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype(), pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(), pa.uint8(): pd.UInt8Dtype(), pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(), pa.uint64(): pd.UInt64Dtype(),
}  # fmt: skip
"""Types that hold nulls."""
TEXT = pd.Series([""]).dtype
"""What this version of pandas makes of texts."""


class PandasFrame:
    """A DataFrame; its index is kept, whatever it is."""

    said = "the pandas DataFrame"

    def __init__(self, frame: pd.DataFrame) -> None:
        if isinstance(frame.columns, pd.MultiIndex):
            raise CurateError(
                f"{self.said} has columns of several levels (MultiIndex); give each one name, such"
                " as df.columns = ['_'.join(map(str, names)) for names in df.columns]."
            )
        self._frame = frame

    @property
    def names(self) -> Sequence[str]:
        """The names of its columns that are texts."""
        return [name for name in self._frame.columns if isinstance(name, str)]

    @property
    def rows(self) -> int:
        """N."""
        return len(self._frame)

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give these columns as one table."""
        yield pa.table({name: self._column(name) for name in names})

    def beside(self, added: pa.Table) -> pd.DataFrame:
        """Give the frame with more columns; the given one is not changed."""
        index = self._frame.index
        columns = {name: _series(added[name], index) for name in added.column_names}
        return pd.concat([self._frame, pd.DataFrame(columns, index=index)], axis=1)

    def _column(self, name: str) -> pa.Array:
        if self.names.count(name) > 1:
            raise CurateError(
                f"{self.said} has two columns named '{brief(name)}'; rename one of them."
            )
        column = self._frame[name]
        if column.dtype == object:
            return object_array(column.tolist(), name, self.said)
        if isinstance(column.dtype, pd.SparseDtype):
            column = pd.Series(np.asarray(column))
        try:
            return pa.Array.from_pandas(column)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise CurateError(
                f"{self.said}: column '{brief(name)}' is {brief(str(column.dtype))}, which Arrow"
                " cannot hold; write it as text or as numbers."
            ) from error


def open_pandas(value: object) -> PandasFrame | None:
    """Open a DataFrame; None for anything else."""
    return PandasFrame(value) if isinstance(value, pd.DataFrame) else None


def _series(column: pa.ChunkedArray, index: "pd.Index[Any]") -> "pd.Series[Any]":
    """Make a column, whose type depends on that of Arrow alone."""
    if pa.types.is_nested(column.type):
        return pd.Series(column.to_pylist(), index, object)
    if is_text(column.type):
        return pd.Series(column.to_pylist(), index, TEXT)
    values = column.to_pandas(types_mapper=NULLABLE.get)
    return pd.Series(values.array, index)
