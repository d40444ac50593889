"""How a worker process starts."""

import multiprocessing
import sys
from multiprocessing.context import BaseContext
from threading import Lock
from types import ModuleType
from typing import Any

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
"""Never fork, which copies the locks of the parent's threads."""
_KIND: Any = multiprocessing.get_context(METHOD)
_LOCK = Lock()


class WorkerProcess(_KIND.Process):  # type: ignore[misc]
    """A process that does not import the user's script again.

    Python's own would, and a script that calls curate in its first line would call it once more in
    every worker. Workers need nothing of it.
    """

    def start(self) -> None:
        """Start it; for that moment an empty module stands in for the script."""
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
    """Return the context for workers; the module ``preload`` is imported once for all of them."""
    context: BaseContext = _WorkerContext()
    if METHOD == "forkserver":
        context.set_forkserver_preload([preload])
    return context
