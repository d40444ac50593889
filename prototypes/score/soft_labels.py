"""Adaptive top-k label smoothing: over the given label and the K other classes that fit best."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels, unit_rows
from prototypes.engine.little_known import NONE
from prototypes.engine.moments import counted
from prototypes.engine.neighbours import nearest_prototypes
from prototypes.engine.softmax import log_softmax

HEAD_START = 0.35
"""Added to the cosine of the given label: a suggestion gets as much probability as the given label
if its cosine is higher by this."""
SHARPNESS = 2.0
"""Divides τ: label quality is calibrated on given labels, and true labels are more predictable."""


@dataclass(frozen=True)
class SoftLabels:
    """Smoothed targets of n rows."""

    classes: NDArray[np.int64]
    """(n, K + 1): the given label, then the K other classes with the highest cosines, in order."""
    probabilities: NDArray[np.float32]
    """(n, K + 1): rows sum to 1; (1, 0 ...) for a label that cannot be judged, NaN without one."""


def soft_labels(
    g: NDArray[np.float32],
    labels: Labels,
    prototypes: NDArray[np.float32],
    temperature: float,
    self_influence: NDArray[np.float32],
    k: int,
    gpu: bool = False,
    little_known: NDArray[np.int64] = NONE,
) -> SoftLabels:
    """Smooth the labels of rows g (n, d) over prototypes (C·k', d) of any length.

    The k' prototypes of a class are adjacent, and the nearest counts.

    For a class c, z_c is the cosine of g to its prototype. For the given label y the
    ``self_influence`` (C,) is subtracted, as in `label_quality`, and HEAD_START is added. With T
    the label y and the K other classes with the highest z, and τ the ``temperature`` of label
    quality:

        q_c = exp(z_c / (τ / SHARPNESS)) / Σ_{j in T} exp(z_j / (τ / SHARPNESS)),  0 outside T.

    SINet names top-k label smoothing as a trick of its training, and gives neither k nor the mass
    nor how the classes share it. Here the mass is near 0 for a label that fits and nearly 1 for one
    that does not, and goes to the K classes most similar to the image, by similarity.

    A label of a ``little_known`` class (m,) keeps all of its mass, and others share with it only
    where fewer than k other classes are left.

    Raises ValueError unless 1 ≤ k ≤ C − 1.
    """
    known = counted(g, labels, len(self_influence)) & ~np.isin(labels, little_known)
    directions = unit_rows(prototypes)
    each = len(prototypes) // len(self_influence)
    directions.reshape(-1, each, g.shape[1])[little_known] = 0
    cosines, nearest = nearest_prototypes(*_absent_last(g, directions), (k + 1) * each, gpu)
    cosines, nearest = _first_of_class(cosines, nearest // each, k + 1)
    other = nearest != labels[:, None]
    other[other.all(axis=1), -1] = False
    mine = [np.einsum("ij,ij->i", g, directions[labels * each + i]) for i in range(each)]
    own = np.maximum.reduce(mine) - self_influence[labels]
    z = np.column_stack([own + np.float32(HEAD_START), cosines[other].reshape(-1, k)])
    shares = np.exp(log_softmax(z.astype(np.float64) * (SHARPNESS / temperature)))
    shares[~known] = np.eye(1, k + 1)
    shares[labels < 0] = np.nan
    classes = np.column_stack([labels, nearest[other].reshape(-1, k)])
    return SoftLabels(classes, shares.astype(np.float32))


def _absent_last(
    g: NDArray[np.float32], directions: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Add a dimension in which rows (n, d) are far from absent classes."""
    present = directions.any(axis=1, keepdims=True)
    if present.all():
        return g, directions
    ones = np.ones((len(g), 1), np.float32)
    return np.hstack([g, ones]), np.hstack([directions, present - np.float32(1)])


def _first_of_class(
    cosines: NDArray[np.float32], classes: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Keep the first neighbour of each class, for ``count`` classes, from (n, m), nearest first."""
    m = classes.shape[1]
    again = ((classes[:, :, None] == classes[:, None, :]) & np.tri(m, m, -1, bool)).any(axis=2)
    first = np.argsort(again, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(cosines, first, 1), np.take_along_axis(classes, first, 1)
