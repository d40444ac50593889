"""Class relations S_t where side information is missing: what the classes look like."""

import numpy as np
from numpy.typing import NDArray


def visual_relations(initial: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines (C, C) between prototypes (C, d)."""
    return initial @ initial.T


def with_visual_relations(
    relations: NDArray[np.floating] | None, initial: NDArray[np.float32]
) -> NDArray[np.floating]:
    """Fill the NaN of S_t (C, C) from visual relations; None is all NaN.

    The visual ones are brought to the scale of the graph by least squares over the pairs of
    classes that the graph does know. Raises ValueError where S_t is not (C, C).
    """
    visual = visual_relations(initial)
    if relations is None:
        return visual
    if relations.shape != visual.shape:
        raise ValueError(
            f"The graph relates {relations.shape} classes, but there are {len(visual)} prototypes: "
            "give a square matrix with one row per class."
        )
    missing = np.isnan(relations)
    if missing.all():
        return visual
    return np.where(missing, _on_scale(visual, relations, ~missing), relations)


def _on_scale(
    visual: NDArray[np.float32], relations: NDArray[np.floating], known: NDArray[np.bool_]
) -> NDArray[np.floating]:
    x, y = visual[known].astype(np.float64), relations[known].astype(np.float64)
    spread = ((x - x.mean()) ** 2).sum()
    slope = ((x - x.mean()) * (y - y.mean())).sum() / spread if spread > 0 else 1.0
    return np.asarray(y.mean() + slope * (visual - x.mean()))
