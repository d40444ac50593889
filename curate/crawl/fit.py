"""What rows are compared with; verified rows with what is blind to their verified labels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_features import StoredFeatures
from curate.crawl.verified_rows import LabelParts
from curate.manifest.classes import NO_CLASS
from curate.manifest.plan import Shard
from prototypes.fit.space import AdaptedSpace
from prototypes.method import Prototypes


@dataclass(frozen=True)
class Fit:
    """The adapted space and the prototypes in it."""

    space: AdaptedSpace
    prototypes: Prototypes


@dataclass(frozen=True)
class BlindFit:
    """The fit to given labels alone, by which the verified rows are judged.

    The other fit was made with their verified labels, and would only repeat them.
    """

    fit: Fit
    features: StoredFeatures
    labels: LabelParts

    def rows(self, shard: Shard) -> NDArray[np.int64]:
        """Return which rows (m,) of a shard are verified, and have a label and features."""
        given, crowd = (
            part.array(shard.name, "labels") for part in (self.labels.given, self.labels.crowd)
        )
        return np.flatnonzero((given != crowd) & self.features.has_features(shard.name))

    def labelled(self, shard: Shard) -> NDArray[np.bool_]:
        """Tell which rows (n,) of a shard have a given label and features."""
        given = self.labels.given.array(shard.name, "labels")
        return np.asarray((given != NO_CLASS) & self.features.has_features(shard.name))

    def g(self, shard: Shard, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return some rows of a shard in the space (m, d)."""
        return self.fit.space.transform(self.features.rows(shard.name, rows))
