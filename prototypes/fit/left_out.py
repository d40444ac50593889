"""How far an image is from what the others of its class make the prototype."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.moments import ClassSums

Rows = NDArray[np.float32]
FARTHEST = 2.0
"""Distance of opposite unit rows."""
ALONE = 1e-6
"""Share of a class's mass below which what the others weigh is rounding error."""


@dataclass(frozen=True)
class LeftOut:
    """What Eq. 6 takes off its distance for a row's own part in the prototype; not in the paper.

    Without it an image that is alone in its class lies on its prototype, and weighs most of all.
    """

    mass: NDArray[np.float64]
    """(C,): what all rows of a class weigh in its prototype."""
    spread: float
    """Root mean square distance of rows to their prototypes: given to an image that is alone."""

    @classmethod
    def of(cls, sums: ClassSums) -> "LeftOut":
        """Take them from the weighted sums of unit rows that make the prototypes."""
        means = sums.means()
        square = 1 - np.einsum("ij,ij->i", means, means)
        mean = sums.weight @ np.clip(square, 0, 1) / max(sums.weight.sum(), np.finfo(float).tiny)
        return cls(sums.weight, float(np.sqrt(mean)))

    def distance(self, distance: Rows, weight: Rows, labels: NDArray[np.integer]) -> Rows:
        """Return the distance (n,) to the mean of the others, by that to the mean of all.

        With S = ``mass`` and p the row's ``weight`` (n,): v' = (S v − p g) / (S − p), so that
        ‖v' − g‖ = S / (S − p) ‖v − g‖. Rows without a distance, NaN, keep it.
        """
        mass = self.mass[labels]
        others = mass - np.nan_to_num(weight.astype(np.float64))
        alone = others <= ALONE * mass
        grown = distance * mass / np.where(alone, 1, others)
        found = np.where(alone & ~np.isnan(distance), self.spread, np.minimum(grown, FARTHEST))
        return found.astype(np.float32)
