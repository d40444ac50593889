"""The columns that the user named."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ColumnOptions:
    """The columns that the user named; None: found by name."""

    label: str | None = None
    image: str | None = None
    key: str | None = None
    caption: str | None = None
    labelled: ClassVar[bool] = True
    """Whether labels are needed."""


@dataclass(frozen=True)
class PictureColumns(ColumnOptions):
    """The same of rows that are looked at for their pictures alone."""

    labelled: ClassVar[bool] = False
