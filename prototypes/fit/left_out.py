"""Leave-one-out distance: from an image to the prototype that the others of its class make."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.moments import ClassSums

Rows = NDArray[np.float32]
FARTHEST = 2.0
"""Distance of opposite unit rows."""
ALONE = 1e-6
"""Share of a class's mass below which the weight of the others is rounding error."""


@dataclass(frozen=True)
class LeftOut:
    """Correct the distance of Eq. 6 for the row's own part in its prototype; not in the paper.

    Without this, the only image of a class would be its prototype, and get the largest weight.
    """

    mass: NDArray[np.float64]
    """(C,): sum of the weights of all rows of a class in its prototype."""
    spread: float
    """Root mean square distance of rows to their prototypes, for an image alone in its class."""

    @classmethod
    def of(cls, sums: ClassSums) -> "LeftOut":
        """Compute both from the weighted sums of unit rows that make the prototypes."""
        means = sums.means()
        square = 1 - np.einsum("ij,ij->i", means, means)
        mean = sums.weight @ np.clip(square, 0, 1) / max(sums.weight.sum(), np.finfo(float).tiny)
        return cls(sums.weight, float(np.sqrt(mean)))

    def distance(self, distance: Rows, weight: Rows, labels: NDArray[np.integer]) -> Rows:
        """Turn the ``distance`` (n,) to the mean of all rows into that to the mean of the others.

        With S = ``mass`` and p the row's ``weight`` (n,): v' = (S v − p g) / (S − p), so that
        ‖v' − g‖ = S / (S − p) ‖v − g‖. NaN, for a row without a distance, stays NaN.
        """
        mass = self.mass[labels]
        others = mass - np.nan_to_num(weight.astype(np.float64))
        alone = others <= ALONE * mass
        grown = distance * mass / np.where(alone, 1, others)
        found = np.where(alone & ~np.isnan(distance), self.spread, np.minimum(grown, FARTHEST))
        return found.astype(np.float32)
