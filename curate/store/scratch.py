"""A temporary folder; what a killed process leaves behind is removed by the next process."""

import contextlib
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "curate-scratch-"


@contextlib.contextmanager
def scratch_folder(home: Path | None = None) -> Iterator[Path]:
    """Give a folder in ``home`` (None: TMPDIR), removed at the end.

    Those of killed processes are removed first.
    """
    home = home or Path(tempfile.gettempdir())
    home.mkdir(parents=True, exist_ok=True)
    _clear_dead(home)
    folder = home / f"{PREFIX}{uuid.uuid4().hex}"
    # The lock is taken before the folder is made: a folder whose lock is free has no owner.
    with FileLock(_lock(folder)):
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _remove(folder)


def _clear_dead(home: Path) -> None:
    """Remove the folders whose locks are free; their processes are gone."""
    for folder in home.glob(f"{PREFIX}*"):
        if folder.is_dir():
            with contextlib.suppress(Timeout, OSError), FileLock(_lock(folder), timeout=0):
                _remove(folder)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _lock(folder).unlink(missing_ok=True)


def _lock(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")
