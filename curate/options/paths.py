"""Fields of options that take a path or a URL as text too, and are read as a Path.

In Python some of them also take what is in memory, which is written to a file before options are
made of its path.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeAlias, overload

from curate.store.urls import as_path

if TYPE_CHECKING:
    import datasets
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from numpy.typing import ArrayLike

    InMemoryTable: TypeAlias = (
        pl.DataFrame | pl.LazyFrame | pd.DataFrame | pa.Table | datasets.Dataset
    )


class Table:
    """Stands in signatures for a table of polars, pandas, pyarrow or Hugging Face's datasets."""


class Array:
    """Stands in signatures for an array (N, D) of NumPy, torch, or a list of lists."""


class OptionalPath:
    """A field of a dataclass that is set as ``str | Path | None`` and read as ``Path | None``."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> Path | None:
        """Return the path, or on the class the default: None."""
        return None if instance is None else instance.__dict__[self._name]

    def __set__(self, instance: object, value: str | Path | None) -> None:
        instance.__dict__[self._name] = None if value is None else as_path(value)


class OptionalTable(OptionalPath):
    """A field that in Python also takes a table in memory."""

    def __set__(self, instance: object, value: "str | Path | InMemoryTable | None") -> None:
        super().__set__(instance, value)  # type: ignore[arg-type]


class OptionalArray(OptionalPath):
    """A field that in Python also takes an array in memory."""

    def __set__(self, instance: object, value: "str | Path | ArrayLike | None") -> None:
        super().__set__(instance, value)  # type: ignore[arg-type]


class RequiredPath:
    """A field of a dataclass that is set as ``str | Path`` and read as a Path."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> NoReturn: ...
    @overload
    def __get__(self, instance: object, owner: type | None = None) -> Path: ...
    def __get__(self, instance: object, owner: type | None = None) -> Path:
        """Return the path; the class has no default, as AttributeError tells `dataclass`."""
        if instance is None:
            raise AttributeError(self._name)
        path: Path = instance.__dict__[self._name]
        return path

    def __set__(self, instance: object, value: str | Path) -> None:
        instance.__dict__[self._name] = as_path(value)
