"""Where a weighted manifest comes from; a Parquet file carries it in its metadata."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.manifest.columns import ColumnOptions

KEY = b"curate"
PATHS = ("manifest", "run", "root")


@dataclass(frozen=True)
class Origin:
    """The manifest that was weighed, the run that weighed it, and what its columns are."""

    manifest: Path
    run: Path
    root: Path
    """Image paths are relative to it."""
    columns: ColumnOptions
    prefix: str = ""
    work: str | None = None
    """The name of the run's `curate.work`."""

    def metadata(self, out: Path) -> dict[bytes, bytes]:
        """Give what Parquet file ``out`` carries; paths are relative to its folder."""
        home = out.absolute().parent
        paths = {name: os.path.relpath(getattr(self, name).absolute(), home) for name in PATHS}
        facts = {**paths, "columns": asdict(self.columns), "prefix": self.prefix, "work": self.work}
        return {KEY: json.dumps(facts, ensure_ascii=False).encode()}


def read_origin(path: Path) -> Origin | None:
    """Read what a Parquet file says of itself; None where it says nothing, or is none."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        facts = json.loads(metadata[KEY])
        paths = {
            name: Path(os.path.normpath(path.absolute().parent / facts[name])) for name in PATHS
        }
        columns = ColumnOptions(**facts["columns"])
        return Origin(**paths, columns=columns, prefix=facts["prefix"], work=facts["work"])
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError):
        return None
