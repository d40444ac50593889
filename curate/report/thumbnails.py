"""Pictures as small WebP files, which together stay below a number of bytes."""

import base64
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.weighted.weighted import Weighted

SIDES = (384, 256, 192, 128)
"""Pixels of the longer side."""
BYTES_PER_PIXEL = 0.16
"""Of a photograph at the first of ATTEMPTS."""
ATTEMPTS = ((1, 75), (1, 45), (1, 15), (2, 15), (4, 15))
"""Divisors of the side, and qualities of WebP: the first at which a picture fits into its share of
the room is used. Only pictures of noise need the last."""


PAGE_FULL = "left out, as the page is full"


@dataclass(frozen=True)
class Thumbnail:
    """A picture as base64 text, or why there is none."""

    data: str | None
    missing: str = ""

    @property
    def as_json(self) -> str | dict[str, str]:
        """What stands for it in the data of a page."""
        return self.data or {"missing": self.missing}


def thumbnails(
    weighted: Weighted,
    rows: Sequence[int],
    room: int,
    advance: Callable[[int], None],
    sides: Sequence[int] = SIDES,
) -> list[Thumbnail]:
    """Make the pictures of ``rows``, ascending, in at most ``room`` characters of text.

    The longer side of each is the first of ``sides`` at which all fit, or else the last.
    """
    made = []
    room = room // 4 * 3
    side = _side(room / max(len(rows), 1), sides)
    for left, picture in zip(range(len(rows), 0, -1), _decoded(weighted, rows, side), strict=True):
        advance(1)
        if isinstance(picture, Status):
            made.append(Thumbnail(None, picture))
            continue
        data = _webp(picture, room // left)
        if len(data) > room:
            made.append(Thumbnail(None, PAGE_FULL))
            continue
        room -= -(-len(data) // 3) * 3
        made.append(Thumbnail(base64.b64encode(data).decode()))
    return made


def _side(room: float, sides: Sequence[int]) -> int:
    return next((side for side in sides if side * side * BYTES_PER_PIXEL <= room), sides[-1])


def _decoded(
    weighted: Weighted, rows: Sequence[int], side: int
) -> Iterator[NDArray[np.uint8] | Status]:
    """Decode in worker processes, as all pictures from the web are decoded."""
    sources = (picture for _, picture in weighted.each_picture(rows))
    with DecodePool(Preprocess(side, "lanczos", "pad"), workers=os.cpu_count() or 1) as pool:
        for statuses, pictures, _ in pool.decode(sources):
            squares = iter(pictures)
            yield from (next(squares) if s is Status.OK else s for s in statuses)


def _webp(picture: NDArray[np.uint8], most: int) -> bytes:
    """Write RGB (side, side, 3) in ``most`` bytes, or in those that the last attempt takes."""
    image = _unpadded(Image.fromarray(picture))
    for divisor, quality in ATTEMPTS:
        file = io.BytesIO()
        image.reduce(divisor).save(file, "webp", quality=quality)
        if file.tell() <= most:
            break
    return file.getvalue()


def _unpadded(image: Image.Image) -> Image.Image:
    """Crop the white padding on two opposite sides."""
    drawn = ImageChops.invert(image).getbbox()
    if drawn is None:
        return image
    left, top, right, bottom = drawn
    if min(left, image.width - right) > min(top, image.height - bottom):
        return image.crop((left, 0, right, image.height))
    return image.crop((0, top, image.width, bottom))
