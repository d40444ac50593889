"""Where the bytes of a picture lie."""

import stat
from dataclasses import dataclass
from pathlib import Path

from curate.images.status import Status, Undecodable

MAX_BYTES = 256 * 2**20
"""No picture of a crawl is larger; what is, is an attack or a mistake."""


@dataclass(frozen=True)
class FileSlice:
    """A file, or ``length`` bytes of it from ``offset`` on, as in an uncompressed tar."""

    path: Path
    offset: int = 0
    length: int | None = None


ImageSource = bytes | FileSlice


def read(source: ImageSource) -> bytes:
    """Return the bytes of a picture.

    Raises `Undecodable`: missing, where there is no regular file that can be read (a pipe or a
    device might never end); too_large, where it holds more than ``MAX_BYTES``.
    """
    if isinstance(source, bytes):
        return source
    try:
        return _read_slice(source)
    # A path from a manifest may hold a null byte: ValueError.
    except (OSError, ValueError) as error:
        raise Undecodable(Status.MISSING) from error


def _read_slice(source: FileSlice) -> bytes:
    info = source.path.stat()
    if not stat.S_ISREG(info.st_mode):
        raise Undecodable(Status.MISSING)
    there = max(info.st_size - source.offset, 0)
    length = there if source.length is None else min(source.length, there)
    if length > MAX_BYTES:
        raise Undecodable(Status.TOO_LARGE)
    with source.path.open("rb") as file:
        file.seek(source.offset)
        return file.read(length)
