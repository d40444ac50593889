"""What runs on a node: one process that keeps open what its items share."""

import os
import pickle
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from threadpoolctl import threadpool_limits

from curate.store.code import PACKAGES
from curate.store.engine import Opening, Work
from curate.store.urls import CACHE
from curate.terminal.explain import explain


@dataclass(frozen=True)
class Results:
    """What the tasks of some items returned, and how many rows they counted."""

    packed: bytes
    """Pickled, without the numbers of arrays."""
    arrays: list[pickle.PickleBuffer]
    """Their numbers, which travel beside it: so they are copied once, not at every step."""
    counted: int
    seconds: float
    """What an item took."""

    @classmethod
    def of(cls, values: list[Any], counted: int, seconds: float) -> "Results":
        """Pack values."""
        arrays: list[pickle.PickleBuffer] = []
        packed = pickle.dumps(values, protocol=5, buffer_callback=arrays.append)
        return cls(packed, arrays, counted, seconds)

    @property
    def values(self) -> list[Any]:
        """What the tasks returned, in order; arrays can be written, as in the process they left."""
        values: list[Any] = pickle.loads(self.packed, buffers=map(bytearray, self.arrays))
        return values


@dataclass(frozen=True)
class Failed:
    """Why tasks cannot be done."""

    sentence: str
    mendable: bool
    """Whether the user can mend it."""
    trace: str


def loaded() -> list[str]:
    """List the modules of this project that this process has imported."""
    return [name for name in sys.modules if name.partition(".")[0] in PACKAGES]


class Worker:
    """Runs items, of one piece of work after another.

    A product of matrices uses one thread, as in passes on one machine, so that sums have the same
    bits.
    """

    def __init__(self, cache: str = "", modules: Iterable[str] = ()) -> None:
        """Take the driver's cache for objects of a store, and import what both have."""
        if cache:
            os.environ[CACHE] = cache
        for module in modules:
            with suppress(ImportError):  # A library that only the driver needs; else it is told.
                import_module(module)
        self._name = ""
        self._open = ExitStack()
        self._work: Work[Any] | None = None
        self._modules = 0

    def run(self, name: str, fetch: Callable[[], bytes], items: bytes) -> Results | Failed:
        """Run the tasks of items; ``fetch`` gives the opening of the work of that name."""
        try:
            return self._run(name, fetch, items)
        # A panic in polars is no Exception.
        except BaseException as error:
            sentence, code = explain(error)
            trace = "".join(traceback.format_exception(error))
            return Failed(sentence.removeprefix("Error: "), code == 2, trace)

    def close(self) -> None:
        """Close what is open, such as processes that decode."""
        self._open.close()
        self._name, self._work = "", None

    def _run(self, name: str, fetch: Callable[[], bytes], items: bytes) -> Results:
        if self._work is None or name != self._name:
            self.close()
            opening: Opening[Work[Any]] = pickle.loads(fetch())
            self._work, self._name = self._open.enter_context(opening()), name
        self._limit_threads()
        begin, counted, some = time.monotonic(), list[int](), pickle.loads(items)
        values = [task() for task in self._work(some, counted.append)]
        return Results.of(values, sum(counted), (time.monotonic() - begin) / len(some))

    def _limit_threads(self) -> None:
        """Set BLAS to one thread; again only where more was loaded, as looking takes its time."""
        if self._modules != len(sys.modules):
            threadpool_limits(1, user_api="blas")
            self._modules = len(sys.modules)
