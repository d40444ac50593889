"""The columns that the user named."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnOptions:
    """The columns that the user named; None: found by name."""

    label: str | None = None
    image: str | None = None
    key: str | None = None
    caption: str | None = None
