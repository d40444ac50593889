"""Who is told how far the fetch of a large object is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock

Told = Callable[[int], None]
"""Told how many bytes have just come."""


class Fetches:
    """Shows one fetch at a time: of several at once the first."""

    def __init__(self) -> None:
        self.show: Callable[[str, int], AbstractContextManager[Told]] = _unseen
        """Shows a name and a size in bytes while its block runs."""
        self._lock = Lock()

    @contextmanager
    def shown(self, name: str, size: int) -> Iterator[Told]:
        """Give what is told of the bytes of a fetch."""
        if not self._lock.acquire(blocking=False):
            yield _ignore
            return
        try:
            with self.show(name, size) as told:
                yield told
        finally:
            self._lock.release()


def _unseen(name: str, size: int) -> AbstractContextManager[Told]:
    del name, size
    return nullcontext(_ignore)


def _ignore(size: int) -> None:
    del size


fetches = Fetches()
