"""The adapted space, in which classes are as separate as in a network trained on the crawl.

SINet takes its features from a CNN trained on the noisy data itself. Linear discriminant
analysis on the noisy labels has the same effect on a frozen encoder's features, in closed form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from prototypes.blocks import Floats
from prototypes.moments import Moments
from prototypes.products import HOST, Products

RIDGE_FLOOR = 0.01
"""Least ridge, as a share of the mean within-class variance."""
RIDGE_SAMPLES = 5.0
"""Ridge that makes up for few samples: this many times tr(W) / (N − C)."""
BETWEEN_DIRECTIONS = 256
"""Most directions kept of the between-class scatter."""
MOST_INFLUENCE = 0.5
"""Most that is taken off for self-influence: in classes of a few images the average says little
of the single one, and all of it would flag nearly all of them."""
REST_DIRECTIONS = 64
REST_VARIANCE = 4.0
"""Directions kept beside them, and their within-class variance in all (see `_rest`)."""
ROUNDING = 1e-7
"""Least variance: the products of unit rows are float32."""

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class AdaptedSpace:
    """The map x → g: unit length, minus the mean, whitened and projected, unit length again."""

    mean: NDArray[np.float32]
    """(D,)"""
    projection: NDArray[np.float32]
    """(D, d)"""
    self_influence: NDArray[np.float32]
    """(C,): the part of the cosine to its own prototype that an image owes to its own presence
    among the samples of its class (see `_self_influence`)."""

    def transform(self, features: Floats, products: Products = HOST) -> NDArray[np.float32]:
        """Map features (n, D) to unit rows g (n, d); rows of zeros stay zeros."""
        return products.adapt(features, self.mean, self.projection)


def adapted_space(moments: Moments) -> AdaptedSpace:
    """Fit the space from the moments of the unit rows.

    W is the within-class covariance over the given labels plus a ridge; whiten by W^(−1/2),
    keep the leading min(C − 1, 256) directions of the between-class scatter and, much
    shortened, directions beside them. Raises ValueError where fewer than two classes have rows.
    """
    count, means = moments.by_class.weight, moments.by_class.means()
    present = int((count > 0).sum())
    if present < 2:
        raise ValueError(
            f"Only {present} of the {len(count)} classes have rows with features: "
            "give labelled samples of at least two classes."
        )
    n = count.sum()
    mean = count @ means / n
    spread = (means - mean) * np.sqrt(count / n)[:, None]
    between = spread.T @ spread
    within = moments.second / n - np.outer(mean, mean) - between
    variances, axes = linalg.eigh(_ridged(within, n, len(count)))
    variances = np.maximum(variances, ROUNDING)
    whiten = (axes / np.sqrt(variances)) @ axes.T
    leading = _leading(whiten @ between @ whiten, min(present - 1, BETWEEN_DIRECTIONS))
    directions = np.hstack([leading, _rest(leading, axes)])
    projection = whiten @ directions
    total = between + within
    freedom = float(np.einsum("ij,ij->j", axes, total @ axes) @ (1 / variances))
    return AdaptedSpace(
        mean.astype(np.float32),
        projection.astype(np.float32),
        _self_influence(count, (means - mean) @ projection, total, projection, freedom),
    )


def _ridged(within: Matrix, n: float, classes: int) -> Matrix:
    """Add the ridge: the fewer samples, the less W is to be trusted."""
    trace = np.trace(within)
    ridge = RIDGE_FLOOR * trace / len(within) + RIDGE_SAMPLES * trace / max(n - classes, 1)
    return np.asarray(within + ridge * np.eye(len(within)))


def _leading(scatter: Matrix, keep: int) -> Matrix:
    """Return the (D, keep) leading eigenvectors."""
    size = len(scatter)
    keep = min(keep, size)
    return np.asarray(linalg.eigh(scatter, subset_by_index=(size - keep, size - 1))[1][:, ::-1])


def _rest(leading: Matrix, axes: Matrix) -> Matrix:
    """Return directions in which no class differs, shortened to REST_VARIANCE in all.

    In the between-class directions alone every image looks like some class: with two classes
    unit length makes g ±1. What lies outside them tells how little an image is like any.
    The most varied axes of W are taken, orthogonal to the leading directions.
    """
    room = min(REST_DIRECTIONS, len(axes) - leading.shape[1])
    outside = axes[:, ::-1] - leading @ (leading.T @ axes[:, ::-1])
    chosen = linalg.qr(outside[:, : leading.shape[1] + room], mode="economic", pivoting=True)[0]
    return np.asarray(chosen[:, :room] * min(1.0, np.sqrt(REST_VARIANCE / max(room, 1))))


def _self_influence(
    count: NDArray[np.float64], centres: Matrix, total: Matrix, projection: Matrix, freedom: float
) -> NDArray[np.float32]:
    """Return the mean cosine (C,) that a sample z of a class adds to itself, as in leave-one-out.

    The mean μ of a class's n whitened samples z, less that of all N, has the part
    (1/n − 1/N) z·z in z·μ, all of which is kept, for the leading directions are chosen to hold
    every μ. On average z·z is the space's degrees of ``freedom``, tr((W + ridge)⁻¹ (W + B)).
    ``centres`` (C, d) are the projected μ. A class of one sample has no other to be judged by
    and keeps it all: 0.
    """
    length = np.sqrt(max(np.einsum("ij,ij->", projection, total @ projection), 0))
    share = (1 - count / count.sum()) / np.maximum(count, 1)
    scale = length * np.linalg.norm(centres, axis=1)
    judged = (count > 1) & (scale > 0)
    influence = np.divide(freedom * share, scale, out=np.zeros_like(scale), where=judged)
    return np.asarray(np.minimum(influence, MOST_INFLUENCE), np.float32)
