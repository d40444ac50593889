"""Features that stay in the user's file: a shard has their place, not a copy."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.store.fingerprint import file_identity

LENT = "lent"
"""What a shard's receipt calls its `Lent`."""


@dataclass(frozen=True)
class Lent:
    """Rows of a .npy file of halves, as the file was when they were looked at."""

    file: str
    """Its path from the folder of the shards: both can be moved together."""
    identity: dict[str, object]
    first: int
    rows: int

    def features(self, shards: Path) -> NDArray[np.float16]:
        """Map the rows (n, D); raises CurateError where the file is not what it was."""
        file = self.found(shards)
        array: NDArray[np.float16] = np.load(file, mmap_mode="r", allow_pickle=False)
        return array[self.first : self.first + self.rows]

    def found(self, shards: Path) -> Path:
        """Find the file; raises CurateError where it is not what it was."""
        file = Path(os.path.normpath(shards.resolve() / self.file))
        if not os.access(file, os.R_OK):
            raise CurateError(_LOST.format(file, "is gone, or cannot be read,"))
        if file_identity(file) != self.identity:
            raise CurateError(_LOST.format(file, "has changed"))
        return file


_LOST = (
    "{} {} since features were taken from it; put back the file of that time (with its time of"
    " change, as `cp -p` does), or run the same `curate weight` with --overwrite again."
)


def lend(file: Path, first: int, rows: int, shards: Path) -> Lent:
    """Note rows [first, first + rows) of a file as it is now."""
    whole = file.resolve()
    return Lent(os.path.relpath(whole, shards.resolve()), file_identity(whole), first, rows)
