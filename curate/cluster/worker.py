"""What runs on a node: one process that keeps open what its items share."""

import pickle
import traceback
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from threadpoolctl import threadpool_limits

from curate.store.engine import Opening, Work
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

    def __init__(self) -> None:
        self._packed = b""
        self._open = ExitStack()
        self._work: Work[Any] | None = None

    def run(self, packed: bytes, item: bytes) -> Results | Failed:
        """Run the tasks of an item of the work that ``packed`` opens."""
        try:
            with threadpool_limits(1, user_api="blas"):
                return self._run(packed, item)
        # A panic in polars is no Exception.
        except BaseException as error:
            sentence, code = explain(error)
            trace = "".join(traceback.format_exception(error))
            return Failed(sentence.removeprefix("Error: "), code == 2, trace)

    def close(self) -> None:
        """Close what is open, such as processes that decode."""
        self._open.close()
        self._packed, self._work = b"", None

    def _run(self, packed: bytes, item: bytes) -> Results:
        if self._work is None or packed != self._packed:
            self.close()
            opening: Opening[Work[Any]] = pickle.loads(packed)
            self._work = self._open.enter_context(opening())
            self._packed = packed
        counted: list[int] = []
        values = [task() for task in self._work([pickle.loads(item)], counted.append)]
        return Results(pickle.dumps(values), sum(counted))
