"""Stored features and labels of a run, block by block, as often as a pass over them is wanted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.classes import NO_CLASS
from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.steps.stored_features import Features, StoredFeatures
from curate.store.folders import Folders

T = TypeVar("T")
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class StoredBlocks:
    """Blocks of (n, D) features and (n,) label positions; each call is one pass in plan order.

    Rows without features are zeros, and their label is given as none, so that they count nowhere.
    """

    shards: Sequence[Shard]
    features: StoredFeatures
    labels: Folders
    advance: Callable[[int], None]

    def __call__(self, fn: Callable[[Features, Labels], T]) -> Iterator[T]:
        """Give fn(features, labels) of every block."""
        for shard in self.shards:
            for features, labels in self.read(shard):
                yield fn(features, labels)
                self.advance(len(labels))

    def read(self, shard: Shard) -> Iterator[tuple[Features, Labels]]:
        """Give the blocks of a shard."""
        ok = (self.features.statuses(shard.name) == Status.OK).to_numpy()
        labels = np.where(ok, self.labels.array(shard.name, "labels"), NO_CLASS).astype(np.int32)
        start = 0
        for features in self.features.blocks(shard.name):
            yield features, labels[start : start + len(features)]
            start += len(features)
