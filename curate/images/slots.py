"""Memory that worker processes see too, lent in slots."""

import os
import weakref
from dataclasses import dataclass
from multiprocessing.heap import Arena
from typing import Any

import numpy as np
from numpy.typing import NDArray

_attached: Arena | None = None


@dataclass(frozen=True, eq=False)
class Slot:
    """A piece of shared memory; free again when nobody has it, nor an array cut out of it.

    Only its place is pickled: a worker that has attached the memory (`attach`) gets the same bytes.
    """

    start: int
    memory: NDArray[np.uint8]
    """(bytes)"""

    def __reduce__(self) -> tuple[Any, ...]:
        return _slot_in_worker, (self.start, len(self.memory))


class Slots:
    """``count`` slots of ``size`` bytes, or none where there is no such memory.

    Linux only (memfd_create): memory without a name or a file, of which nothing is left when its
    processes have gone, however they went. It may take what the machine has; in /dev/shm, which
    many containers keep at 64 MB, writing past the end kills. Pages never written take nothing.
    """

    arena: Arena | None = None
    """For `attach`; it can travel to a process only as that starts."""

    def __init__(self, count: int, size: int) -> None:
        self._size = size
        self._free: list[int] = []
        try:
            file = os.memfd_create("curate-slots")
        except (AttributeError, OSError):
            return
        try:
            os.ftruncate(file, count * size)
            self.arena = Arena(count * size, file)
        except OSError:
            os.close(file)
            return
        weakref.finalize(self.arena, os.close, file)
        self._free += range(0, count * size, size)

    def lend(self) -> Slot | None:
        """Lend the slot that came back last; None if all are lent."""
        try:
            start = self._free.pop()
        except IndexError:
            return None
        assert self.arena is not None
        memory = np.ndarray(self._size, np.uint8, self.arena.buffer, start)
        # What is cut out of it refers to it; were it cut out of an array itself, to that one.
        weakref.finalize(memory, self._free.append, start).atexit = False
        return Slot(start, memory)


def attach(arena: Arena | None) -> None:
    """Let this process, a worker, use the slots that it will be sent."""
    global _attached
    _attached = arena


def _slot_in_worker(start: int, size: int) -> Slot:
    assert _attached is not None
    return Slot(start, np.ndarray(size, np.uint8, _attached.buffer, start))
