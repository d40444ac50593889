"""Rows that are written once as Parquet, because the user has them in another form."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from curate.manifest.manifest import Part, parquet_part
from curate.manifest.unchanged import SeenFile, see
from curate.store.fingerprint import file_identity, fingerprint
from curate.store.folders import Folders
from curate.store.step import Made, Step
from curate.terminal.skipped import Skipped, load_skipped, save_skipped

FROZEN, SKIPPED = "rows.parquet", "skipped.json"
ROWS = Step("rows", code=("curate.manifest.open",))
"""That module imports all code that makes rows."""


@dataclass(frozen=True)
class Source:
    """A Parquet file to read, and what was passed over when it was made."""

    path: Path
    identity: str
    skipped: tuple[Skipped, ...] = ()
    files: tuple[SeenFile, ...] = ()
    """The user's files that later reads open again."""

    def open(self) -> tuple[Part, pa.Schema]:
        """Read its footer."""
        return parquet_part(self.path, self.identity, self.files)


def parquet_source(path: Path) -> Source:
    """Use a Parquet file of the user's as it is."""
    files = (see(path),)
    return Source(path, identity_of([path]), files=files)


def freeze(frozen: Folders, identity: str, write: Callable[[Path], Iterable[Skipped]]) -> Source:
    """Write a Parquet file once, and beside it what ``write`` passed over.

    New code of this package writes it again. Rows that come out the same keep their identity, and
    so the features that were made from them.
    """

    def rows() -> Made:
        skipped: list[Skipped] = []
        return Made(
            {
                FROZEN: lambda path: skipped.extend(write(path)),
                SKIPPED: lambda path: save_skipped(path, skipped),
            }
        )

    kept = ROWS.once_in(frozen, {"files": identity}, rows)
    of_rows = fingerprint(files=identity, rows=kept.receipt["sha256"].get(FROZEN))
    return Source(kept.file(FROZEN), of_rows, load_skipped(kept.file(SKIPPED)))


def identity_of(files: Sequence[Path], **options: object) -> str:
    """Tell one state of some files, and of what the user chose, from another."""
    common = os.path.commonpath([file.parent for file in files]) if files else ""
    return fingerprint(
        files=[{**file_identity(file), "name": str(file.relative_to(common))} for file in files],
        **options,
    )
