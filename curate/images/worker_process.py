"""How a worker process starts."""

import multiprocessing
import sys
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing.context import BaseContext
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
from pebble import CONSTS

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""Never fork, which copies the locks of the parent's threads."""
KEPT_BYTES = 16 * 2**20
"""A worker keeps up to twice as much memory between pictures."""
LOCK_SECONDS = 5.0
"""A worker that is killed may hold the lock of the pipes; others wait this long, then end."""
CONSTS.channel_lock_timeout = LOCK_SECONDS
_KIND: Any = multiprocessing.get_context(METHOD)
_LOCK = Lock()


class WorkerProcess(_KIND.Process):  # type: ignore[misc]
    """A process that does not import the user's script again.

    Python's own would, and a script that calls curate in its first line would call it once more in
    every worker. Workers need nothing of it.
    """

    def start(self) -> None:
        """Start it while an empty module stands in for the script."""
        with _LOCK:
            script = sys.modules["__main__"]
            sys.modules["__main__"] = ModuleType("__main__")
            try:
                super().start()
            finally:
                sys.modules["__main__"] = script


class _WorkerContext(type(_KIND)):  # type: ignore[misc]
    Process = WorkerProcess


def worker_context(preload: str) -> BaseContext:
    """Return the context for workers; ``preload``, a module, is imported once for all of them."""
    context: BaseContext = _WorkerContext()
    if METHOD == "forkserver":
        context.set_forkserver_preload([preload])
    return context


@cache
def prepare_process(memory_limit: int) -> None:
    """Make a worker ready to decode, once; it may take ``memory_limit`` bytes more from here on.

    Call it with the first chunk: pebble does not always report an initializer that fails.
    """
    # Once a large block was freed, glibc keeps freed memory (mallopt(3), dynamic mmap threshold).
    # Otherwise each picture's memory is returned and fetched again: 135 page faults for one of
    # 224 pixels, a quarter of its time.
    np.empty(KEPT_BYTES, np.uint8)
    _limit_memory(memory_limit)


def _limit_memory(most: int) -> None:
    """Limit the memory of this process; on Linux only."""
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + most
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (OSError, OverflowError, ValueError) as error:
        raise BrokenProcessPool(str(error)) from error
