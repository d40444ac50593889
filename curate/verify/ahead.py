"""Load what a question needs before it is asked."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from curate.verify.load_picture import Picture


@dataclass(frozen=True)
class Look:
    """What a sample looks like."""

    picture: Picture
    likely: Mapping[str, float]
    """What it may be if its label is wrong: probabilities of classes, the likeliest first."""


class Ahead:
    """The looks of the rows that are wanted next."""

    def __init__(self, load: Callable[[int], Look], readers: Executor) -> None:
        self._load = load
        self._readers = readers
        self._wanted: dict[int, asyncio.Future[Look]] = {}

    def want(self, rows: Sequence[int]) -> None:
        """Begin to load these rows, and drop all others."""
        loop = asyncio.get_running_loop()
        kept, self._wanted = self._wanted, {}
        for row in rows:
            begun = kept.pop(row, None)
            self._wanted[row] = begun or loop.run_in_executor(self._readers, self._load, row)
        for future in kept.values():
            future.cancel()

    def now(self, row: int) -> Look | None:
        """Return the look of a wanted row; None if it is not loaded yet."""
        future = self._wanted[row]
        return future.result() if future.done() else None

    async def get(self, row: int) -> Look:
        """Wait for the look of a wanted row."""
        return await asyncio.shield(self._wanted[row])
