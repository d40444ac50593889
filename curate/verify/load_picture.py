"""Load the pictures to show: whole, and decoded in processes that may die."""

import contextlib
from collections.abc import Iterator

from PIL import Image

from curate.images.decode import without_bars
from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.weighted.weighted import Weighted

SIDE = 512
"""Pixels of the longer side: as many as a terminal that draws pixels can show beside the text."""
WORKERS = 2

Picture = Image.Image | Status
"""A picture, or why there is none."""


@contextlib.contextmanager
def picture_pool() -> Iterator[DecodePool]:
    """Start the processes that decode pictures.

    They start here, not with the first picture: while Textual runs, it replaces standard error,
    and no process can be started with its replacement.
    """
    with DecodePool(Preprocess(SIDE, "bicubic", "bars"), WORKERS) as pool:
        next(pool.decode([None]))
        yield pool


def load_picture(weighted: Weighted, pool: DecodePool, row: int) -> Picture:
    """Read and decode the picture of a row."""
    (source,) = weighted.pictures([row])
    ((statuses, pictures, _),) = pool.decode([source])
    if statuses[0] is not Status.OK:
        return statuses[0]
    return Image.fromarray(without_bars(pictures[0]))
