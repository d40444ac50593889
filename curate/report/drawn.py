"""Pictures decoded and written as WebP, by any worker."""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.store.engine import Count, Work
from curate.weighted.weighted import Weighted

TOGETHER = 32
"""Pictures of an item."""
ATTEMPTS = ((1, 75), (1, 45), (1, 15), (2, 15), (4, 15))
"""Divisors of the side, and qualities of WebP: the first at which a picture fits into its share of
the room is used. Only pictures of noise need the last."""
Drawn = Status | list[bytes]
"""A picture by several of ATTEMPTS, in their order, or why there is none."""


@dataclass(frozen=True)
class ShownRows:
    """A few rows whose pictures are drawn together, ascending."""

    numbers: Sequence[int]

    @property
    def first_row(self) -> int:
        """The first of them."""
        return self.numbers[0]

    @property
    def rows(self) -> int:
        """The rows of the crawl from the first of them to the last."""
        return self.numbers[-1] + 1 - self.numbers[0]


def grouped(rows: Sequence[int]) -> list[ShownRows]:
    """Group rows into items."""
    starts = range(0, len(rows), TOGETHER)
    return [ShownRows(rows[start : start + TOGETHER]) for start in starts]


@contextmanager
def drawing(weighted: Weighted, side: int, most: int, workers: int) -> Iterator[Work[list[Drawn]]]:
    """Decode in worker processes, as all pictures from the web are decoded.

    Each picture is written by the first of ATTEMPTS, and by others until one of them takes no more
    than ``most`` bytes.
    """
    with DecodePool(Preprocess(side, "lanczos", "pad"), workers) as pool:
        yield partial(_tasks, weighted, pool, most)


def _tasks(
    weighted: Weighted, pool: DecodePool, most: int, items: Iterable[ShownRows], advance: Count
) -> Iterator[Callable[[], list[Drawn]]]:
    items = list(items)
    rows = [row for item in items for row in item.numbers]
    pictures = _decoded(weighted, rows, pool)
    for item in items:
        yield partial(_drawn, list(islice(pictures, len(item.numbers))), most, advance)


def _decoded(
    weighted: Weighted, rows: Sequence[int], pool: DecodePool
) -> Iterator[NDArray[np.uint8] | Status]:
    sources = (picture for _, picture in weighted.each_picture(rows))
    for statuses, pictures, _ in pool.decode(sources):
        squares = iter(pictures)
        yield from (next(squares) if s is Status.OK else s for s in statuses)


def _drawn(
    pictures: Sequence[NDArray[np.uint8] | Status], most: int, advance: Count
) -> list[Drawn]:
    drawn: list[Drawn] = []
    for picture in pictures:
        drawn.append(picture if isinstance(picture, Status) else _webp(picture, most))
        advance(1)
    return drawn


def _webp(picture: NDArray[np.uint8], most: int) -> list[bytes]:
    """Write RGB (side, side, 3) by ATTEMPTS until it takes at most ``most`` bytes."""
    image, written = _unpadded(Image.fromarray(picture)), []
    for divisor, quality in ATTEMPTS:
        file = io.BytesIO()
        image.reduce(divisor).save(file, "webp", quality=quality)
        written.append(file.getvalue())
        if len(written[-1]) <= most:
            break
    return written


def _unpadded(image: Image.Image) -> Image.Image:
    """Crop the white padding on two opposite sides."""
    drawn = ImageChops.invert(image).getbbox()
    if drawn is None:
        return image
    left, top, right, bottom = drawn
    if min(left, image.width - right) > min(top, image.height - bottom):
        return image.crop((left, 0, right, image.height))
    return image.crop((0, top, image.width, bottom))
