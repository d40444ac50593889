"""Labels alone, for features that are there already."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.in_memory.objects import object_array

LABEL = "label"


class LabelList:
    """A list, an array or a column of labels; a polars DataFrame is given back."""

    def __init__(self, labels: Any) -> None:
        self.said = "labels="
        self._labels = _array(labels)

    @property
    def names(self) -> Sequence[str]:
        """The only column."""
        return [LABEL]

    @property
    def rows(self) -> int:
        """N."""
        return len(self._labels)

    @property
    def are_rows(self) -> bool:
        """Whether each is a list of fractions, as a row of embeddings is."""
        kind = self._labels.type
        return bool(pa.types.is_list(kind) and pa.types.is_floating(kind.value_type))

    def tables(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Give the labels as a table."""
        yield pa.table({LABEL: self._labels})

    def beside(self, added: pa.Table) -> pl.DataFrame:
        """Give the labels with more columns."""
        return pl.DataFrame(pa.table({LABEL: self._labels})).hstack(pl.DataFrame(added))


def _array(labels: Any) -> pa.Array:
    """Turn labels (N,) into an Arrow array; raises CurateError for what is no list of them."""
    if isinstance(labels, pa.Array | pa.ChunkedArray):
        return labels.combine_chunks() if isinstance(labels, pa.ChunkedArray) else labels
    if isinstance(labels, pl.Series):
        return labels.to_arrow()
    if _is_pandas(labels) and labels.dtype != object:
        return pa.Array.from_pandas(labels)
    if isinstance(labels, str | bytes) or not hasattr(labels, "__iter__"):
        raise CurateError(
            f"labels= is a {type(labels).__name__}; give a list or an array with one label for"
            " each row of embeddings=."
        )
    values = labels.tolist() if hasattr(labels, "tolist") else list(labels)
    if not isinstance(values, list):
        raise CurateError("labels= is one value; give one label for each row of embeddings=.")
    return object_array(values, LABEL, "labels=")


def _is_pandas(labels: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(labels, pandas.Series | pandas.Index)
