"""External features: they stay in the user's file, and a shard keeps their place, not a copy."""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.store.fingerprint import file_identity
from curate.store.mirror import bring

HASHED_ROWS = 4_096
EXTERNAL = "external"
"""The key of an `External` in the receipt of a shard."""


@dataclass(frozen=True)
class External:
    """Rows of a .npy file of halves, and the state of the file when they were taken."""

    file: str
    """Its path from the folder of the shards: both can be moved together."""
    identity: dict[str, object]
    first: int
    rows: int
    sha256: str
    """Of the rows."""

    def features(self, shards: Path, checked: bool = True) -> NDArray[np.float16]:
        """Map the rows (n, D); raises CurateError where the file has changed.

        The rows themselves are checked once per process, or not at all unless ``checked``.
        """
        file = self.found(shards)
        if checked and _sha256(file, self.first, self.rows, _changed(file)) != self.sha256:
            raise CurateError(_LOST.format(file, "has other rows"))
        return _rows(file, self.first, self.rows)

    def found(self, shards: Path) -> Path:
        """Find the file; raises CurateError where it is gone or has changed."""
        file = Path(os.path.normpath(shards.resolve() / self.file))
        with suppress(FileNotFoundError):
            bring(file)
        if not os.access(file, os.R_OK):
            raise CurateError(_LOST.format(file, "is gone, or cannot be read,"))
        if file_identity(file) != self.identity:
            raise CurateError(_LOST.format(file, "has changed"))
        return file


_LOST = (
    "{} {} since features were taken from it; put back the file of that time (with its time of"
    " change, as `cp -p` does), or run the same `curate weight` with --overwrite again."
)


def external_rows(file: Path, first: int, rows: int, shards: Path) -> External:
    """Describe rows [first, first + rows) of a file as it is now."""
    whole = file.resolve()
    content = _sha256(whole, first, rows, _changed(whole))
    where = os.path.relpath(whole, shards.resolve())
    return External(where, file_identity(whole), first, rows, content)


def _rows(file: Path, first: int, rows: int) -> NDArray[np.float16]:
    array: NDArray[np.float16] = np.load(file, mmap_mode="r", allow_pickle=False)
    return array[first : first + rows]


@cache
def _sha256(file: Path, first: int, rows: int, changed: tuple[int, ...]) -> str:
    """Hash the rows of a file, once for each time at which it was ``changed``."""
    array, digest = _rows(file, first, rows), hashlib.sha256()
    for start in range(0, len(array), HASHED_ROWS):
        digest.update(np.ascontiguousarray(array[start : start + HASHED_ROWS]).data)
    return digest.hexdigest()


def _changed(file: Path) -> tuple[int, ...]:
    stat = file.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
