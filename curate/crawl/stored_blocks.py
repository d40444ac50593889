"""Stored features and labels of a run, block by block, as often as a pass over them is wanted."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import count, islice, repeat
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.crawl.labels import label_pairs, stored_sets
from curate.crawl.stored_features import BLOCK_ROWS
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from curate.store.engine import HERE, Engine, stateless, uncounted
from curate.store.folders import Folders
from curate.store.run import Advance
from prototypes.engine.blocks import Sums

T = TypeVar("T")
Labels = NDArray[np.int32]
Stored = NDArray[np.float16] | NDArray[np.int16]
"""Features as they are stored; see `FeatureSource.as_floats`."""


GROUP_ROWS = 4 * BLOCK_ROWS
"""Rows of neighbouring shards whose sums are joined where they are computed; a larger shard is a
group of its own."""
HELD = 8
"""Blocks whose sums wait to be joined, so that a group of many small shards, or of images with many
labels, holds no more than others."""


class FeatureSource(Protocol):
    """Features of the rows of each shard: x as they were stored, or g (see `AdaptedFeatures`)."""

    def has_features(self, shard: str) -> NDArray[np.bool_]:
        """Tell which rows of the shard (n,) have features."""
        ...

    def blocks(self, shard: str) -> Iterator[Stored]:
        """Give the shard's features (n, D), ``BLOCK_ROWS`` rows at a time, as they are stored."""
        ...

    def as_floats(self, block: Any) -> NDArray[np.float32]:
        """Return the features (n, D) that rows of a block stand for."""
        ...


@dataclass(frozen=True)
class StoredBlocks:
    """Blocks of (n, D) features and (n,) label positions; each call is one pass in plan order.

    An image with several labels is a row for each; labels are then (n, 1 + K), as
    `prototypes.engine.pairs` wants them. Rows without features are zeros, and their label is given
    as none, so that they count nowhere.
    """

    shards: Sequence[Shard]
    features: FeatureSource
    labels: Folders
    advance: Advance
    threads: int = 1
    """Threads that work on blocks."""
    engine: Engine = HERE
    """What runs a pass: threads here, or the workers of a cluster, a group at a time."""
    gpu: bool = False
    """Whether a pass computes on a GPU."""

    def __getstate__(self) -> dict[str, Any]:
        """Travel without progress and engine, and with what all shards have in common."""
        return {**vars(self), "most": self.most, "advance": uncounted, "engine": HERE}

    def __call__(self, fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterator[T]:
        """Give fn(features in float32, labels, ...) of every block, with what lies beside it.

        `Sums` are given for each group of shards, not for each block.
        """
        known = zip(*beside, strict=True)
        items = (
            (
                replace(group[0], rows=sum(shard.rows for shard in group)),
                [
                    (shard, list(islice(known, self._count(shard))) if beside else None)
                    for shard in group
                ],
            )
            for group in self._groups()
        )
        opening = stateless(partial(self._tasks, fn))
        found = self.engine.run(opening, items, self.advance, self.threads, self.gpu)
        return (each for each in found if each is not None)

    def pairs(self, shard: Shard) -> int:
        """Count the rows that a shard's blocks have together."""
        if self.most == 1:
            return shard.rows
        return len(label_pairs(stored_sets(self.labels, shard))[0])

    def read(self, shard: Shard) -> Iterator[tuple[Stored, Labels]]:
        """Give the blocks of a shard: features and labels of at most BLOCK_ROWS pairs."""
        for features, sets, has_features in self._images(shard):
            if self.most == 1:
                yield features, np.where(has_features, sets[:, 0], NO_CLASS)
                continue
            rows, places = label_pairs(sets)
            for start in range(0, len(rows), BLOCK_ROWS):
                row, place = rows[start : start + BLOCK_ROWS], places[start : start + BLOCK_ROWS]
                labels = np.where(has_features[row, None], sets[row], NO_CLASS)
                yield features[row], self._own_first(labels, place)

    def images(self, shard: Shard) -> Iterator[tuple[Stored, Labels]]:
        """Give features (n, D) and all labels (n, L) of a shard's images, by blocks."""
        for features, sets, _ in self._images(shard):
            yield features, sets

    @cached_property
    def most(self) -> int:
        """Most labels that an image has."""
        return max(int(stored_sets(self.labels, shard).shape[1]) for shard in self.shards)

    def _images(self, shard: Shard) -> Iterator[tuple[Stored, Labels, NDArray[np.bool_]]]:
        has_features = self.features.has_features(shard.name)
        sets, start = stored_sets(self.labels, shard), 0
        for features in self.features.blocks(shard.name):
            rows = slice(start, start + len(features))
            yield features, sets[rows], has_features[rows]
            start = rows.stop

    def _own_first(self, labels: Labels, place: NDArray[np.int64]) -> Labels:
        """Bring each pair's own label to the front of its image's (m, L), as wide in any shard."""
        pairs = np.full((len(labels), self.most), NO_CLASS, np.int32)
        pairs[:, : labels.shape[1]] = labels
        every = np.arange(len(labels))
        pairs[every, place], pairs[:, 0] = labels[:, 0], labels[every, place]
        return pairs

    def _groups(self) -> Iterator[list[Shard]]:
        """Give neighbouring shards that a worker takes together."""
        group, rows = list[Shard](), 0
        for shard in self.shards:
            if group and rows + shard.rows > GROUP_ROWS:
                yield group
                group, rows = [], 0
            group.append(shard)
            rows += shard.rows
        yield group

    def _tasks(
        self,
        fn: Callable[..., T],
        items: Iterable[tuple[Shard, list[tuple[Shard, list[tuple[Any, ...]] | None]]]],
        advance: Advance,
    ) -> Iterator[Callable[[], T | None]]:
        """Give a task for each block of these groups, with what lies beside each block."""
        for _, group in items:
            sums, numbers = _Joined[T](sum(self._count(shard) for shard, _ in group)), count()
            for shard, known in group:
                beside, rows = repeat(()) if known is None else known, shard.rows
                for block, more in zip(self.read(shard), beside, strict=False):
                    take = partial(sums.take, next(numbers))
                    yield partial(
                        self._apply, fn, *block, *more, rows=rows, advance=advance, take=take
                    )
                    rows = 0

    def _apply(
        self,
        fn: Callable[..., T],
        features: Stored,
        labels: Labels,
        *known: Any,
        rows: int,
        advance: Advance,
        take: Callable[[T], T | None],
    ) -> T | None:
        """Give ``take`` fn of a block; ``rows`` of the manifest are begun with it."""
        found = take(fn(self.features.as_floats(features), labels, *known))
        advance(rows)
        return found

    def _count(self, shard: Shard) -> int:
        """Count the blocks of a shard."""
        if self.most == 1:
            return -(-shard.rows // BLOCK_ROWS)
        row, _ = label_pairs(stored_sets(self.labels, shard))
        pairs = np.bincount(row // BLOCK_ROWS)
        return int(np.sum(-(-pairs // BLOCK_ROWS)))


class _Joined(Generic[T]):
    """Joins the sums of a group's blocks in their order, whatever the order in which they come."""

    def __init__(self, blocks: int) -> None:
        self._found: dict[int, Any] = {}
        self._sums: Any = None
        self._joined, self._blocks = 0, blocks
        self._lock = Lock()

    def take(self, number: int, found: T) -> T | None:
        """Return what was found of a block, or the sums of all; None until these are there."""
        if not isinstance(found, Sums):
            return found
        with self._lock:
            self._found[number] = found
            if len(self._found) >= min(HELD, self._blocks - self._joined):
                self._join()
            return self._sums if self._joined == self._blocks else None

    def _join(self) -> None:
        """Join those that follow what is joined, as far as they are there."""
        sums = [] if self._sums is None else [self._sums]
        while self._joined in self._found:
            sums.append(self._found.pop(self._joined))
            self._joined += 1
        if sums:
            self._sums = sums[0].joined(sums[1:])
