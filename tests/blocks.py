"""Arrays as blocks, which the mathematics takes."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from prototypes.engine.blocks import EachBlock, Floats, Labels, tiles

T = TypeVar("T")


def in_memory(features: Floats, labels: Labels, rows: int = 65_536) -> EachBlock:
    """Cut arrays (N, D) and (N,) into blocks of at most this many rows."""

    def each(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterator[T]:
        for part, *known in zip(tiles(len(labels), rows), *beside, strict=True):
            yield fn(features[part], labels[part], *known)

    return each
