"""Pictures as small WebP files, which together stay below a number of bytes."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from curate.images.status import Status
from curate.report.drawn import drawing, grouped
from curate.store.engine import HERE, Engine
from curate.weighted.weighted import Weighted

SIDES = (384, 256, 192, 128)
"""Pixels of the longer side."""
BYTES_PER_PIXEL = 0.16
"""Of a photograph at the first attempt."""
MOST_THREADS = 8
"""Each holds the pictures of an item, 14 MB at most, and as many wait."""
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
    engine: Engine = HERE,
) -> list[Thumbnail]:
    """Make the pictures of ``rows``, ascending, in at most ``room`` characters of text.

    The longer side of each is the first of ``sides`` at which all fit, or else the last. Workers
    draw the pictures; what a picture leaves of its share of the room is given to those after it.
    """
    room, made = room // 4 * 3, []
    cores, each = engine.cores(), room // max(len(rows), 1)
    opening = partial(drawing, weighted, _side(each, sides), each, cores)
    groups = engine.run(opening, grouped(rows), advance, threads=min(cores, MOST_THREADS))
    drawn = chain.from_iterable(groups)
    for left, pictures in zip(range(len(rows), 0, -1), drawn, strict=True):
        if isinstance(pictures, Status):
            made.append(Thumbnail(None, pictures))
            continue
        data = _fitting(pictures, room // left)
        if len(data) > room:
            made.append(Thumbnail(None, PAGE_FULL))
            continue
        room -= -(-len(data) // 3) * 3
        made.append(Thumbnail(base64.b64encode(data).decode()))
    return made


def _side(room: int, sides: Sequence[int]) -> int:
    return next((side for side in sides if side * side * BYTES_PER_PIXEL <= room), sides[-1])


def _fitting(attempts: Sequence[bytes], most: int) -> bytes:
    """Choose the first that takes at most so many bytes, or else the last."""
    return next((data for data in attempts if len(data) <= most), attempts[-1])
