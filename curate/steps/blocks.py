"""Stored features and labels of a run, block by block, as often as a pass over them is wanted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.classes import NO_CLASS
from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.store.folders import Folders

T = TypeVar("T")
BLOCK_ROWS = 4_096
Features = NDArray[np.float16]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class StoredBlocks:
    """Blocks of (n, D) features and (n,) label positions; each call is one pass in plan order.

    Rows without features are zeros, and their label is given as none, so that they count nowhere.
    """

    shards: Sequence[Shard]
    features: Folders
    labels: Folders
    advance: Callable[[int], None]

    def __call__(self, fn: Callable[[Features, Labels], T]) -> Iterator[T]:
        """Give fn(features, labels) of every block."""
        for shard in self.shards:
            features, labels = self.read(shard)
            for start in range(0, shard.rows, BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                yield fn(features[rows], labels[rows])
                self.advance(len(labels[rows]))

    def read(self, shard: Shard) -> tuple[Features, Labels]:
        """Map a shard's features and read its labels."""
        features = self.features.array(shard.name, "features")
        labels = self.labels.array(shard.name, "labels")
        ok = self.features.table(shard.name, "rows")["status"] == Status.OK
        return features, np.where(ok.to_numpy(), labels, NO_CLASS).astype(np.int32)
