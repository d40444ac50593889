"""The pictures to be shown, read and decoded ahead of the person who looks at them."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

from PIL import Image

from curate.images.decode import without_bars
from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.weighted import Weighted

SIDE = 512
"""Pixels of the longer side; as many as a terminal that draws pixels can show beside the words."""
WORKERS = 2

Picture = Image.Image | Status
"""A picture, or why there is none."""


@contextlib.contextmanager
def picture_pool() -> Iterator[DecodePool]:
    """Start the processes in which pictures are decoded, as all from the web are.

    They start here and not with the first picture: while Textual has the terminal, it stands in
    for standard error, and no process can be started with that.
    """
    with DecodePool(Preprocess(SIDE, "bicubic", "fit"), WORKERS) as pool:
        next(pool.decode([None]))
        yield pool


class Pictures:
    """Pictures by row, whole, kept as long as they are among those wanted next."""

    def __init__(self, weighted: Weighted, pool: DecodePool, readers: Executor) -> None:
        self._weighted = weighted
        self._pool = pool
        self._readers = readers
        self._wanted: dict[int, asyncio.Future[Picture]] = {}

    def want(self, rows: Sequence[int]) -> None:
        """Begin with these rows, and forget others."""
        loop = asyncio.get_running_loop()
        kept, self._wanted = self._wanted, {}
        for row in rows:
            waiting = kept.pop(row, None)
            self._wanted[row] = waiting or loop.run_in_executor(self._readers, self._load, row)
        for future in kept.values():
            future.cancel()

    async def get(self, row: int) -> Picture:
        """Wait for the picture of a row that is wanted."""
        return await asyncio.shield(self._wanted[row])

    def _load(self, row: int) -> Picture:
        (source,) = self._weighted.pictures([row])
        ((statuses, pictures),) = self._pool.decode([source])
        if statuses[0] is not Status.OK:
            return statuses[0]
        return Image.fromarray(without_bars(pictures[0]))
