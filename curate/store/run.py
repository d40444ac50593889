"""The run folder: one process at a time works in it, and finished work in it is used again."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from curate.errors import CurateError
from curate.store.atomic import appearing_file, remove_unfinished, unfinished_name
from curate.store.cached_files import UNFINISHED
from curate.store.engine import HERE, Engine
from curate.store.folders import Folders
from curate.store.lease import leased
from curate.store.mirror import bring, is_any_in, look
from curate.store.urls import is_remote, shown_urls
from curate.store.versions import versions

MARKER, LOCK = "curate.txt", "lock"
"""The files that mark a run folder, and that a process locks while it works in it."""
ABOUT = """Made by curate. Finished work is kept here and used again.
The folder can be deleted when no run is going on.
"""

Advance = Callable[[int], None]
Progress = Callable[[str, int], AbstractContextManager[Advance]]
"""Shows a title and a total while its block runs, and is told what has just been done."""


@contextlib.contextmanager
def silent(title: str, total: int) -> Iterator[Advance]:
    """Show nothing."""
    yield lambda done: None


class Run:
    """Folders of finished work, by step; each is named by what it was made from."""

    def __init__(
        self,
        folder: Path,
        progress: Progress = silent,
        engine: Engine = HERE,
        require_alone: Callable[[], None] = lambda: None,
    ) -> None:
        self.folder = folder
        self.progress = progress
        self.engine = engine
        self._require_alone = require_alone

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without progress, engine and lock, which are this process's own."""
        return Run, (self.folder,)

    def step(self, *names: str) -> Folders:
        """Open the finished folders of a step.

        Raises CurateError where another process has taken the run folder over.
        """
        self._require_alone()
        return Folders(self.folder.joinpath(*names))

    def record(self, options: dict[str, object], **facts: object) -> None:
        """Write down the options, the libraries' versions and the time, as run.json."""
        facts = {
            **facts,
            "options": options,
            "versions": versions(),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with appearing_file(self.folder / "run.json") as unfinished:
            text = json.dumps(facts, indent=1, default=str, ensure_ascii=False)
            unfinished.write_text(shown_urls(text))

    def recorded(self) -> dict[str, Any]:
        """Read run.json; empty where there is none."""
        path = look(self.folder / "run.json")
        facts: dict[str, Any] = json.loads(bring(path).read_text()) if path.exists() else {}
        return facts


@contextlib.contextmanager
def open_run(folder: Path, progress: Progress = silent, engine: Engine = HERE) -> Iterator[Run]:
    """Lock the run folder for the length of the block, and remove what a killed run left in it.

    ``progress`` shows the progress of the steps, and ``engine`` runs their shards.

    A folder made here that holds nothing when the block raises CurateError is removed again.
    Raises CurateError when another process has locked it, or when it cannot be written, by the
    workers of the engine too.
    """
    if folder.exists() and not folder.is_dir():
        raise CurateError(f"--run-dir {folder} is a file; name a folder.")
    is_new = not look(folder / MARKER).exists()
    if is_new:
        if _holds_any(folder):
            raise CurateError(
                f"--run-dir {folder} has files in it that are not curate's; name a new folder."
            )
        with appearing_file(folder / MARKER) as unfinished:
            unfinished.write_text(ABOUT)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise CurateError(
            f"another curate is running in {folder}; wait for it, or name another folder with"
            " --run-dir."
        ) from error
    except OSError as error:
        raise CurateError(
            f"{folder} cannot be written ({error.strerror}); name another folder with --run-dir."
        ) from error
    with lock, leased(folder) as check:
        remove_unfinished(folder)
        if not is_remote(folder):  # Each machine reaches a store by itself.
            engine.require_shared(folder)
        try:
            yield Run(folder, progress, engine, check)
        except CurateError:
            if is_new and not is_remote(folder):
                _remove_bare(folder)
            raise


def _remove_bare(folder: Path) -> None:
    """Remove a run folder in which nothing was made, in one step for other processes."""
    if {file.name for file in folder.iterdir()} <= {MARKER, LOCK}:
        with contextlib.suppress(OSError):
            shutil.rmtree(folder.rename(unfinished_name(folder)))


def _holds_any(folder: Path) -> bool:
    """Tell whether a folder holds files other than unfinished ones."""
    if is_remote(folder):
        return is_any_in(folder)
    return folder.is_dir() and any(not f.name.startswith(UNFINISHED) for f in folder.iterdir())


def default_folder(manifest: Path, out: Path) -> Path:
    """Choose the folder beside the manifest, or beside the output where that cannot be written.

    For a manifest in a store it is in the store only if the output is in one too.
    """
    name = f"{manifest.resolve().name}.curate"
    if is_remote(manifest):
        return (manifest if is_remote(out) else out.absolute()).parent / name
    home = manifest.absolute().parent if manifest.name else manifest.resolve().parent
    return home / name if os.access(home, os.W_OK) else out.resolve().parent / name
