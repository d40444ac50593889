"""Sample weights: SINet Eq. 6."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats


def sample_weight(distance: Floats, alpha: float = 1.2, beta: float = 1.5) -> NDArray[np.float32]:
    """Return w = max(0, α − ‖v_c − g‖)^β for distances (n,); 0 for NaN, a row without one.

    SINet Eq. 6. Clipped before the power, because a negative number to a fractional β is NaN.
    Raises ValueError unless α > 0 and β > 0.
    """
    if not (alpha > 0 and beta > 0):
        raise ValueError(
            f"α is {alpha} and β is {beta}: both must be above 0 (usual: 1.2 and 1.5)."
        )
    room = np.nan_to_num(alpha - distance.astype(np.float32), nan=0.0)
    return np.asarray(np.maximum(room, 0) ** beta, np.float32)


def mean_weight(distances: Iterable[Floats], alpha: float, beta: float) -> float:
    """Return the mean weight of the judged labels, those with a distance; 1 if there are none.

    A label that cannot be judged weighs this. ``distances`` come in parts (n,); NaN is none.
    """
    weight, count = 0.0, 0
    for part in distances:
        judged = part[~np.isnan(part)]
        weight += float(sample_weight(judged, alpha, beta).sum(dtype=np.float64))
        count += len(judged)
    return weight / count if count else 1.0
