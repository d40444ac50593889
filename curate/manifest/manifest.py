"""A manifest: Parquet files whose rows, in order, are the crawl."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.manifest.columns import Columns


@dataclass(frozen=True)
class Part:
    """One Parquet file of the manifest."""

    path: Path
    rows: int
    identity: str
    """Changes when the file that the user owns changes."""


@dataclass(frozen=True)
class Manifest:
    """The crawl that the user named, as Parquet files and the parts that its columns play.

    Other formats were turned into one Parquet file in the run folder; images stay where they are.
    """

    path: Path
    """What the user named."""
    parts: tuple[Part, ...]
    schema: pa.Schema
    columns: Columns
    root: Path
    """Image paths are relative to it and do not leave it."""
    in_tars: bool = False
    """Image paths name tars; columns offset and length say where in them."""

    @property
    def rows(self) -> int:
        """N."""
        return sum(part.rows for part in self.parts)

    def scan(self) -> pl.LazyFrame:
        """Scan all parts lazily, in order."""
        return pl.scan_parquet([part.path for part in self.parts], glob=False)


def parquet_part(path: Path, identity: str) -> tuple[Part, pa.Schema]:
    """Read a Parquet file's footer; raises CurateError when it is none."""
    try:
        with pq.ParquetFile(path) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise CurateError(
            f"{path} is not a readable Parquet file ({str(error).splitlines()[0].rstrip('.')});"
            " write it again, or give it the ending of what it is (.csv, .jsonl, .tar)."
        ) from error
    doubled = [name for name in schema.names if schema.names.count(name) > 1]
    if doubled:
        raise CurateError(f"{path} has two columns named '{doubled[0]}'; rename one of them.")
    return Part(path, rows, identity), schema
