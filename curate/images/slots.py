"""Memory that worker processes see too, lent in slots.

`multiprocessing.shared_memory` is as fast, but its memory has a name in /dev/shm. It stays there
when all processes of a command are killed at once (tried: all of its bytes were left), and many
containers give /dev/shm 64 MB, where a write beyond that kills: two workers have slots of 216 MB
at 224 pixels. Memory of `os.memfd_create` has no name and no such limit.
"""

import mmap
import os
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_attached: mmap.mmap | None = None


@dataclass(frozen=True, eq=False)
class Slot:
    """A piece of shared memory; free again when no one holds it, nor an array cut from it.

    Only its place is pickled: a worker that has attached the memory (`attach`) gets the same bytes.
    """

    start: int
    memory: NDArray[np.uint8]
    """(bytes)"""

    def __reduce__(self) -> tuple[Any, ...]:
        return _slot_in_worker, (self.start, len(self.memory))


class Slots:
    """``count`` slots of ``size`` bytes, or none where the system has no such memory.

    Linux only. Nothing is left of the memory when its processes are gone, however they ended. It
    may take all that the machine has; pages that are never written take nothing.
    """

    path: Path | None = None
    """Where workers find the memory (`attach`) while this lives; None: there are no slots."""

    def __init__(self, count: int, size: int) -> None:
        self._size = size
        self._free: list[int] = []
        try:
            file = os.memfd_create("curate-slots")
        except (AttributeError, OSError):
            return
        path = Path(f"/proc/{os.getpid()}/fd/{file}")
        try:
            os.ftruncate(file, count * size)
            self._memory = _mapped(path)
        except (OSError, OverflowError):
            os.close(file)
            return
        weakref.finalize(self, os.close, file)
        self.path = path
        self._free += range(0, count * size, size)

    def lend(self) -> Slot | None:
        """Lend the slot that came back last; None if all are lent."""
        try:
            start = self._free.pop()
        except IndexError:
            return None
        memory = np.ndarray(self._size, np.uint8, self._memory, start)
        # An array cut from this one refers to it. Were this one cut from another array, NumPy
        # would let the new one refer to that other array instead.
        weakref.finalize(memory, self._free.append, start).atexit = False
        return Slot(start, memory)


def attach(path: Path | None) -> None:
    """Let this process, a worker, use the slots that it will be sent."""
    global _attached
    _attached = None if path is None else _mapped(path)


def _mapped(path: Path) -> mmap.mmap:
    """Map all of a file; raises OSError where that cannot be done."""
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _slot_in_worker(start: int, size: int) -> Slot:
    assert _attached is not None
    return Slot(start, np.ndarray(size, np.uint8, _attached, start))
