"""Stored features of a run: those of one encoder, or of several side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.images.status import Status
from curate.store.folders import Folders

BLOCK_ROWS = 8_192
Features = NDArray[np.float16]


@dataclass(frozen=True)
class StoredFeatures:
    """Shards of unit-length features, one store for each encoder.

    Each encoder has the same length in a row, so that the adapted space decides what it is worth.
    A row has features where all have, and is zeros elsewhere.
    """

    parts: tuple[Folders, ...]
    _there: dict[str, NDArray[np.bool_]] = field(default_factory=dict, compare=False)
    """By shard, a byte a row: every pass asks."""

    def statuses(self, shard: str) -> pl.Series:
        """Say of each row ok, or why the first encoder that has no features has none."""
        columns = [part.table(shard, "rows")["status"] for part in self.parts]
        return reduce(lambda first, second: first.zip_with(first != Status.OK, second), columns)

    def there(self, shard: str) -> NDArray[np.bool_]:
        """Tell which rows of the shard (n,) have features."""
        if shard not in self._there:
            self._there[shard] = (self.statuses(shard) == Status.OK).to_numpy()
        return self._there[shard]

    def blocks(self, shard: str) -> Iterator[Features]:
        """Give the shard's features (n, D), ``BLOCK_ROWS`` rows at a time."""
        arrays = [part.array(shard, "features") for part in self.parts]
        ok = self.there(shard)
        for start in range(0, len(ok), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            yield _side_by_side([array[rows] for array in arrays], ok[rows])

    def as_floats(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Return rows of a block in single precision."""
        return np.asarray(block, np.float32)

    def rows(self, shard: str, rows: NDArray[np.int64]) -> Features:
        """Give the features (n, D) of some rows of the shard."""
        ok = self.there(shard)[rows]
        return _side_by_side([part.array(shard, "features")[rows] for part in self.parts], ok)

    def columns(self, part: int, shard: str) -> tuple[int, int]:
        """Return the first column of a part's features, and the one after its last."""
        widths = [int(store.array(shard, "features").shape[1]) for store in self.parts]
        return sum(widths[:part]), sum(widths[: part + 1])

    def contents(self, shard: str) -> list[object]:
        """Give the hashes of the shard's files."""
        return [part.receipt(shard)["sha256"] for part in self.parts]


def _side_by_side(features: list[Features], ok: NDArray[np.bool_]) -> Features:
    if len(features) == 1:
        return features[0]
    joined = np.concatenate(features, axis=1)
    joined[~ok] = 0
    return joined
