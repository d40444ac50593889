"""The pictures to be shown: whole, and decoded where they can do no harm."""

import contextlib
from collections.abc import Iterator

from PIL import Image

from curate.images.decode import without_bars
from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.weighted.weighted import Weighted

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
    with DecodePool(Preprocess(SIDE, "bicubic", "bars"), WORKERS) as pool:
        next(pool.decode([None]))
        yield pool


def load_picture(weighted: Weighted, pool: DecodePool, row: int) -> Picture:
    """Read and decode the picture of a row."""
    (source,) = weighted.pictures([row])
    ((statuses, pictures),) = pool.decode([source])
    if statuses[0] is not Status.OK:
        return statuses[0]
    return Image.fromarray(without_bars(pictures[0]))
