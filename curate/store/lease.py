"""One process at a time in a run folder of a store: an object there says who works.

It is renewed while that process lives. It is free when the process is gone, if that was on this
computer, and otherwise when it has not been renewed for `LEASE` seconds.
"""

import contextlib
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from curate.errors import CurateError
from curate.store.mirror import open_store
from curate.store.objects import Object, Store
from curate.store.urls import place_of

LOCK = "lock.json"
RENEWED, LEASE = 20.0, 120.0
"""Seconds."""


@contextlib.contextmanager
def leased(folder: Path) -> Iterator[Callable[[], None]]:
    """Work in a folder alone while the block runs; give a check that this is still so.

    The check and the start raise CurateError where another works there. Nothing is done for a
    folder of this computer.
    """
    place = place_of(folder / LOCK)
    if place is None:
        yield lambda: None
        return
    store, me = open_store(place.scheme, place.bucket), _Me()
    held = store.write(place.key, me.told(), only_new=True)
    lease = _Lease(folder, store, me, held or _taken_over(folder, place.key, store, me))
    thread = threading.Thread(target=lease.renew, daemon=True)
    thread.start()
    try:
        yield lease.check
    finally:
        lease.end.set()
        thread.join()
        if not lease.lost:
            store.remove([place.key])


class _Me:
    """Who works: this process."""

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": _started(os.getpid()),
            "id": uuid.uuid4().hex,
        }
        self._told = 0

    def told(self) -> bytes:
        """Say it, in other bytes each time."""
        self._told += 1
        return json.dumps({**self._facts, "told": self._told}).encode()


class _Lease:
    def __init__(self, folder: Path, store: Store, me: _Me, held: Object) -> None:
        self._folder, self._store, self._me, self._held = folder, store, me, held
        self.end = threading.Event()
        self.lost = False

    def renew(self) -> None:
        """Renew it until the end, or until another has it."""
        while not self.lost and not self.end.wait(RENEWED):
            with contextlib.suppress(CurateError):  # What cannot be reached now may be later.
                held = self._store.replace(self._held, self._me.told())
                self.lost = held is None
                self._held = held or self._held

    def check(self) -> None:
        """Raise CurateError where another has taken it."""
        if self.lost:
            raise CurateError(
                f"another curate works in {self._folder}: it took this one for dead, which did not"
                f" reach the store for {LEASE:.0f} seconds; let the other one finish."
            )


def _taken_over(folder: Path, key: str, store: Store, me: _Me) -> Object:
    """Take what a dead process left; raises CurateError where it may live."""
    try:
        found, data = store.read(key, 1 << 16)
        owner = json.loads(data or b"")
        host, pid, started = str(owner["host"]), int(owner["pid"]), owner["started"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        host, pid, started, found = "", 0, None, store.find(key) or Object(key, 0, "")
    here = host == socket.gethostname()
    dead = _started(pid) != started if here else time.time() - found.modified > LEASE
    held = store.replace(found, me.told()) if dead else None
    if held is None:
        raise CurateError(
            f"another curate is running in {folder}, on {host or 'another machine'}; wait for it,"
            " or name another folder with --run-dir. If it was killed, the folder is free"
            f" {LEASE:.0f} seconds after that."
        )
    return held


def _started(pid: int) -> str | None:
    """Say when a process began, in a number of this machine's; None where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
