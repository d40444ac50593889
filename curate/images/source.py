"""Where the bytes of a picture lie."""

import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from curate.images.status import Status, Undecodable
from curate.store.mirror import bring

MAX_BYTES = 256 * 2**20
"""No picture of a crawl is larger; a larger file is an attack or a mistake."""


@dataclass(frozen=True)
class FileSlice:
    """A file, or ``length`` bytes of it from ``offset`` on, as in an uncompressed tar."""

    path: Path
    offset: int = 0
    length: int | None = None
    root: Path | None = None
    """The folder that the file must lie in, wherever links lead; None: any."""


_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOCTTY", 0)

ImageSource = bytes | FileSlice


def read(source: ImageSource) -> bytes:
    """Return the bytes of a picture.

    Raises `Undecodable`: missing, where there is no regular file that can be read (a pipe or a
    device might never end); outside, where links lead out of its root; too_large, where it holds
    more than ``MAX_BYTES``.
    """
    if isinstance(source, bytes):
        return source
    try:
        return _read_slice(source)
    # A path from a manifest may hold a null byte: ValueError.
    except (OSError, ValueError) as error:
        raise Undecodable(Status.MISSING) from error


def _read_slice(source: FileSlice) -> bytes:
    if source.root is not None and not is_inside(source.path, source.root):
        raise Undecodable(Status.OUTSIDE)
    bring(source.path)
    _check_regular(source.path.stat())  # A device may do something when it is opened.
    # A file that has become a pipe meanwhile would wait for its writer.
    number = os.open(source.path, os.O_RDONLY | _AT_ONCE)
    try:
        info = os.fstat(number)
        _check_regular(info)
        available = max(info.st_size - source.offset, 0)
        length = available if source.length is None else min(source.length, available)
        if length > MAX_BYTES:
            raise Undecodable(Status.TOO_LARGE)
        with os.fdopen(number, "rb", closefd=False) as file:
            file.seek(source.offset)
            return file.read(length)
    finally:
        os.close(number)


def is_inside(path: Path, root: Path) -> bool:
    """Tell whether a file lies below a folder, wherever links lead."""
    folder, real_root = _real(path.parent), _real(root)
    real = os.path.realpath(path) if path.is_symlink() else os.path.join(folder, path.name)  # noqa: PTH118
    return real.startswith(real_root.rstrip(os.sep) + os.sep)


@lru_cache(maxsize=4_096)
def _real(folder: Path) -> str:
    return os.path.realpath(folder)


def _check_regular(info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise Undecodable(Status.MISSING)
