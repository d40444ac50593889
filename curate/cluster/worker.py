"""What runs on a node: one process that keeps open what its items share."""

import os
import pickle
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from curate.store.engine import Opening, Work
from curate.store.urls import CACHE
from curate.terminal.explain import explain


@dataclass(frozen=True)
class Results:
    """What the tasks of an item returned, and how many rows they counted."""

    packed: bytes
    """Pickled, so that arrays come out as they went in: Ray's own are read-only."""
    counted: int

    @property
    def values(self) -> list[Any]:
        """What the tasks returned, in order."""
        values: list[Any] = pickle.loads(self.packed)
        return values


@dataclass(frozen=True)
class Failed:
    """Why an item's tasks cannot be done."""

    sentence: str
    mendable: bool
    """Whether the user can mend it."""
    trace: str


class Worker:
    """Runs items of one piece of work after another.

    A product of matrices uses one thread, as in passes on one machine, so that sums have the same
    bits.
    """

    def __init__(self, cache: str = "") -> None:
        """Take the driver's cache for objects of a store, where it names one."""
        if cache:
            os.environ[CACHE] = cache
        self._name = ""
        self._open = ExitStack()
        self._work: Work[Any] | None = None

    def run(self, name: str, fetch: Callable[[], bytes], item: bytes) -> Results | Failed:
        """Run the tasks of an item; ``fetch`` gives the opening of the work of that name."""
        try:
            with threadpool_limits(1, user_api="blas"):
                return self._run(name, fetch, item)
        # A panic in polars is no Exception.
        except BaseException as error:
            sentence, code = explain(error)
            trace = "".join(traceback.format_exception(error))
            return Failed(sentence.removeprefix("Error: "), code == 2, trace)

    def close(self) -> None:
        """Close what is open, such as processes that decode."""
        self._open.close()
        self._name, self._work = "", None

    def _run(self, name: str, fetch: Callable[[], bytes], item: bytes) -> Results:
        if self._work is None or name != self._name:
            self.close()
            opening: Opening[Work[Any]] = pickle.loads(fetch())
            self._work, self._name = self._open.enter_context(opening()), name
        counted: list[int] = []
        values = [task() for task in self._work([pickle.loads(item)], counted.append)]
        return Results(pickle.dumps(values), sum(counted))
