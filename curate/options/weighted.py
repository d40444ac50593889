"""Which weighted manifest is read, and what it does not say of itself."""

from dataclasses import dataclass, field
from pathlib import Path

from curate.options.columns import ColumnOptions


@dataclass(frozen=True)
class WeightedOptions:
    """A weighted manifest, and what it does not say of itself (a Parquet file says it all)."""

    path: Path
    columns: ColumnOptions = field(default_factory=ColumnOptions)
    root: Path | None = None
    prefix: str | None = None
    run_dir: Path | None = None
