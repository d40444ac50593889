"""Files of the cache of objects: how they appear, what their modes say, and which are emptied."""

import contextlib
import os
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from curate.errors import CurateError
from curate.store.urls import SIZE, objects_folder, place_of

KEPT_SECONDS = 60
"""What was used so recently stays, even in a full cache: someone may be about to open it."""
DEFAULT_GB = 64.0
EMPTY, HELD = 0o000, 0o400
"""Modes of files of the cache. Files that only this computer has are writable: never emptied."""
UNFINISHED = ".unfinished-"
"""Begins the names of files and folders that are being written."""


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path`` in the cache, which becomes ``path``."""
    unfinished = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield unfinished
        unfinished.replace(path)
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        place = place_of(path)
        raise CurateError(
            f"{place and place.url}: one object has the name of a folder of others, which files"
            " cannot have; rename that object."
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            unfinished.unlink()


def mark(path: Path, mode: int, mtime: int) -> None:
    """Set the mode and the time of change (ns) of a file, which is used now."""
    os.utime(path, ns=(time.time_ns(), mtime))
    path.chmod(mode)


class Bound:
    """Keeps the cache within its size; counts it when a twentieth of that came anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since = float("inf")

    def add(self, size: int) -> None:
        """Count bytes that were brought; empty what is too much."""
        most = float(os.environ.get(SIZE) or DEFAULT_GB) * 1e9
        with self._lock:
            self._since += size
            if self._since > most / 20:
                empty_oldest(most)
                self._since = 0


bound = Bound()
kept: set[Path] = set()
"""What this process does not empty."""


def empty_oldest(most: float) -> None:
    """Empty what was used longest ago while the cache holds more than ``most`` bytes."""
    held = [(info.st_atime, path, info) for path, info in _held_files()]
    total = sum(info.st_size for _, _, info in held)
    for used, path, info in sorted(held, key=lambda each: each[:2]):
        if total <= most or time.time() - used < KEPT_SECONDS:
            return
        if path in kept:
            continue
        with appearing(path) as unfinished:
            unfinished.touch()
            os.truncate(unfinished, info.st_size)
            mark(unfinished, EMPTY, info.st_mtime_ns)
        total -= info.st_size


def _held_files() -> Iterator[tuple[Path, os.stat_result]]:
    for folder, _, names in os.walk(objects_folder()):
        for name in names:
            path = Path(folder, name)
            with contextlib.suppress(FileNotFoundError):
                info = path.stat()
                if stat.S_IMODE(info.st_mode) == HELD:
                    yield path, info
