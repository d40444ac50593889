"""Check that what is read back is what was chosen, by a digest of labels, weights, pictures."""

import hashlib
import json
from typing import Any, NamedTuple

import numpy as np

from curate.errors import CurateError


class Row(NamedTuple):
    """The values of a row that are compared, if the format holds them."""

    label: Any
    """A text or a number, or a list of them."""
    weight: Any = None
    """A number or a list of them."""
    picture: bytes | None = None


class Digest:
    """Counts rows and adds up their hashes, so that the order does not matter."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Row) -> None:
        """Take one more row into account."""
        said = json.dumps([_text(row.label), _number(row.weight)])
        content = hashlib.blake2b(said.encode(), digest_size=16)
        content.update(row.picture or b"")
        self._sum = (self._sum + int.from_bytes(content.digest(), "little")) % 2**128
        self.rows += 1

    def include(self, other: "Digest") -> None:
        """Take the rows of another digest into account."""
        self._sum = (self._sum + other._sum) % 2**128
        self.rows += other.rows

    def require(self, other: "Digest", where: str) -> None:
        """Raise CurateError unless the other has seen the same rows."""
        if (self.rows, self._sum) == (other.rows, other._sum):
            return
        what = f"{other.rows:,} rows instead of {self.rows:,}"
        if self.rows == other.rows:
            what = "other labels, weights or pictures than were written"
        raise CurateError(
            f"{where}: reading it back gave {what}, so it was not kept; check the disk, and run the"
            " same command again (and please report it if that does not help)."
        )


def _text(label: Any) -> Any:
    """Write labels as text, as polars casts them."""
    if label is None or isinstance(label, str):
        return label
    if isinstance(label, bool):
        return str(label).lower()
    return [_text(each) for each in label] if hasattr(label, "__iter__") else str(label)


def _number(weight: Any) -> Any:
    """Round weights to the float32 that they are stored as."""
    if weight is None:
        return None
    if hasattr(weight, "__iter__"):
        return [_number(each) for each in weight]
    return float(np.float32(weight))
