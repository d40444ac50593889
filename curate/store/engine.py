"""Where tasks run: on threads of this process, or on the machines of a cluster.

A step says what its tasks are, and never asks who runs them.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from curate.store.in_order import in_order

Result = TypeVar("Result")
Opened = TypeVar("Opened")
Count = Callable[[int], None]
"""Told how many rows have just been done."""
Work = Callable[[Iterable[Any], Count], Iterable[Callable[[], Result]]]
"""Turns items, such as shards, into tasks in their order. No item's tasks depend on another's, so
that an engine may give each item to another worker."""
Opening = Callable[[], AbstractContextManager[Opened]]
"""Opens what a worker keeps between items, such as an encoder. It must be possible to pickle it."""


class Engine(Protocol):
    """Runs the tasks of some items, and gives their results in order."""

    def run(
        self,
        opening: Opening[Work[Result]],
        items: Iterable[Any],
        advance: Count,
        threads: int = 1,
        gpu: bool = False,
    ) -> Iterator[Result]:
        """Give the results of all tasks of all items, in their order.

        Tasks write what is large themselves; results are receipts and sums. An item is a shard, or
        a tuple that begins with one. ``threads`` is for this process; ``gpu`` says that the work
        computes on a GPU where there is one.
        """
        ...

    def cores(self, gpu: bool = False) -> int:
        """Say how many processors a worker has for itself."""
        ...

    def require_shared(self, folder: Path, option: str = "--run-dir") -> None:
        """Raise CurateError where a worker cannot write into the folder, which an option names."""
        ...


class Here:
    """Runs tasks on the threads of this process."""

    def run(
        self,
        opening: Opening[Work[Result]],
        items: Iterable[Any],
        advance: Count,
        threads: int = 1,
        gpu: bool = False,
    ) -> Iterator[Result]:
        """Give the results of all tasks in order; all items are given to one piece of work."""
        del gpu
        with opening() as work:
            tasks = work(items, advance)
            yield from in_order(tasks, threads) if threads > 1 else (task() for task in tasks)

    def cores(self, gpu: bool = False) -> int:
        """Count the machine's."""
        del gpu
        return os.cpu_count() or 1

    def require_shared(self, folder: Path, option: str = "--run-dir") -> None:
        """Ask for nothing: the folder is this process's own."""


HERE = Here()


def stateless(work: Opened) -> Opening[Opened]:
    """Give the opening of work that keeps nothing between items."""
    return partial(_just, work)


@contextmanager
def _just(work: Opened) -> Iterator[Opened]:
    yield work


def uncounted(done: int) -> None:
    """Count nothing; stands for an `Advance` that does not travel."""
