"""Adapted features g, kept by shards from the first pass over them to the last."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.manifest.plan import Shard
from curate.store.step import KeptShards, Made, Step
from prototypes.engine.products import Products
from prototypes.fit.space import AdaptedSpace

ONE = np.float32(32_767)
"""The 16-bit integer that stands for 1. Of numbers in [-1, 1] these are seven times as precise as
halves, and NumPy converts them five times as fast."""
Fixed = NDArray[np.int16]
ADAPTED = Step("adapted", code=(__name__,), title="Adapting features", checked=False)
"""It is removed when a run ends."""


@dataclass(frozen=True)
class AdaptedFeatures:
    """Stored features as the space maps them, in 16-bit fixed point."""

    features: StoredFeatures
    space: AdaptedSpace
    kept: KeptShards

    def adapt(self, shards: Sequence[Shard], products: Products, threads: int) -> None:
        """Map these shards' features, where that is not done."""
        self.kept.make(shards, partial(self._adapt, products=products), threads, products.gpu)

    def has_features(self, shard: str) -> NDArray[np.bool_]:
        """Tell which rows of the shard (n,) have features."""
        return self.features.has_features(shard)

    def blocks(self, shard: str) -> Iterator[Fixed]:
        """Give the shard's g (n, d), ``BLOCK_ROWS`` rows at a time, as they are stored."""
        g = self.kept.store.array(shard, "g")
        for start in range(0, len(g), BLOCK_ROWS):
            yield g[start : start + BLOCK_ROWS]

    def as_floats(self, block: Fixed) -> NDArray[np.float32]:
        """Return the g (n, d) that rows of a block stand for."""
        return block * (1 / ONE)

    def _adapt(self, shard: Shard, products: Products) -> Made:
        fixed = np.empty((shard.rows, self.space.projection.shape[1]), np.int16)
        for number, x in enumerate(self.features.blocks(shard.name)):
            g = self.space.transform(x, products)
            g *= ONE
            first = number * BLOCK_ROWS
            fixed[first : first + len(g)] = np.rint(g, out=g)
        return Made({"g": fixed})
