"""The user's files as they were when curate began to read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from curate.errors import CurateError
from curate.store.urls import is_remote


@dataclass(frozen=True)
class SeenFile:
    """A file that must not change while a command reads it, because it is read several times."""

    path: Path
    state: tuple[int, ...] | None
    """Device, inode, size and time of change; None if there is no file."""


def see(path: Path) -> SeenFile:
    """Note a file as it is now; do this before anything is read of it."""
    return SeenFile(path, _state(path))


def require_unchanged(files: Iterable[SeenFile]) -> None:
    """Raise CurateError unless the files are those that were seen."""
    for file in files:
        state = _state(file.path)
        if state is None:
            raise CurateError(
                f"{file.path} was removed while curate read it; put it back, and run the same"
                " command again."
            )
        if state != file.state:
            raise CurateError(
                f"{file.path} changed while curate read it; run the same command again."
            )


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    if is_remote(path):  # The cache may put another file of the same content in its place.
        return stat.st_size, stat.st_mtime_ns
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
