"""The adapted space, in which classes are as separate as in a network trained on the crawl.

SINet takes its features from a CNN trained on the noisy data itself. Linear discriminant
analysis on the noisy labels has the same effect on a frozen encoder's features, in closed form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from prototypes.engine.blocks import Floats, unit_rows
from prototypes.engine.moments import Moments
from prototypes.engine.products import HOST, Products
from prototypes.fit.dominance import Discriminant

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

LEAST_VARIANCE = 3e-7
"""Of unit rows in all; less, and they are the same but for rounding."""

Matrix = NDArray[np.float64]


class SameFeaturesError(ValueError):
    """Features that do not tell one row from another."""


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
    class_means: NDArray[np.float32] | None = None
    """(C, d): where one class outweighs the others (see `dominance`), unit means of the classes
    without what is likely another's; else None."""

    def transform(self, features: Floats, products: Products = HOST) -> NDArray[np.float32]:
        """Map features (n, D) to unit rows g (n, d); rows of zeros stay zeros."""
        return products.adapt(features, self.mean, self.projection)


def adapted_space(moments: Moments, trusted: Matrix | None = None) -> AdaptedSpace:
    """Fit the space from the moments of the unit rows.

    W is the within-class covariance over the given labels plus a ridge; whiten by W^(−1/2),
    keep the leading min(C − 1, 256) directions of the between-class scatter and, much
    shortened, directions beside them. The centre is the mean of the class means: that of all rows
    is near a large class's own. ``trusted`` (C, D) are class means by which to find it, if they are
    not those of the moments. Raises ValueError where fewer than two classes have rows, and
    SameFeaturesError where all rows are the same.
    """
    whitened = _Whitened.of(moments)
    count, means = moments.by_class.weight, moments.by_class.means()
    directions = np.hstack([whitened.leading, _rest(whitened.leading, whitened.axes)])
    projection = whitened.whiten @ directions
    known = means if trusted is None else trusted
    mean = known[count > 0].mean(axis=0)
    centred = (known - mean) @ projection
    influence = _self_influence(count, (means - mean) @ projection, whitened, projection)
    return AdaptedSpace(
        mean.astype(np.float32),
        projection.astype(np.float32),
        influence,
        None if trusted is None else unit_rows(centred * (count > 0)[:, None]),
    )


def discriminant(moments: Moments) -> Discriminant:
    """Return linear discriminant analysis by the moments of the unit rows.

    Raises ValueError as `adapted_space`.
    """
    whitened = _Whitened.of(moments)
    projection = whitened.whiten @ whitened.leading
    by_class = moments.by_class
    return Discriminant(projection, by_class.means() @ projection, by_class.weight)


@dataclass(frozen=True)
class _Whitened:
    """The space in which classes vary alike in all directions."""

    total: Matrix
    """(D, D): covariance of the rows."""
    axes: Matrix
    """(D, D): eigenvectors of W with its ridge, in columns."""
    variances: Matrix
    """(D,): its eigenvalues, ascending."""
    whiten: Matrix
    """(D, D): W^(−1/2)."""
    leading: Matrix
    """(D, ·): directions, once whitened, in which the class means differ most."""

    @classmethod
    def of(cls, moments: Moments) -> "_Whitened":
        count, means = moments.by_class.weight, moments.by_class.means()
        n, present = count.sum(), int((count > 0).sum())
        if present < 2:
            raise ValueError(
                f"Only {present} of the {len(count)} classes have rows with features: "
                "give labelled samples of at least two classes."
            )
        share = (count / n)[:, None]
        within = moments.second / n - (means * share).T @ means
        spread = (means - share.T @ means) * np.sqrt(share)
        between = spread.T @ spread
        if not np.trace(within) + np.trace(between) > LEAST_VARIANCE:
            raise SameFeaturesError(
                "All rows with features have the same ones: give those of an encoder that tells "
                "images apart."
            )
        variances, axes = linalg.eigh(_ridged(within, n, len(count)))
        variances = np.maximum(variances, ROUNDING)
        whiten = (axes / np.sqrt(variances)) @ axes.T
        keep = min(present - 1, BETWEEN_DIRECTIONS)
        leading = _leading(whiten @ between @ whiten, keep)
        return cls(between + within, axes, variances, whiten, leading)

    @property
    def freedom(self) -> float:
        """Return the degrees of freedom of the rows: tr((W + ridge)⁻¹ (W + B))."""
        along = np.einsum("ij,ij->j", self.axes, self.total @ self.axes)
        return float(along @ (1 / self.variances))


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
    count: Matrix, centres: Matrix, whitened: _Whitened, projection: Matrix
) -> NDArray[np.float32]:
    """Return the mean cosine (C,) that a sample z of a class adds to itself, as in leave-one-out.

    The mean μ of a class's n whitened samples z, less that of the C class means, has the part
    (1 − 1/C) z·z / n in z·μ, all of which is kept, for the leading directions are chosen to hold
    every μ. On average z·z is the space's degrees of freedom. ``centres`` (C, d) are the projected
    μ. A class of one sample has no other to be judged by and keeps it all: 0.
    """
    length = np.sqrt(max(np.einsum("ij,ij->", projection, whitened.total @ projection), 0))
    share = (1 - 1 / max((count > 0).sum(), 1)) / np.maximum(count, 1)
    scale = length * np.linalg.norm(centres, axis=1)
    judged = (count > 1) & (scale > 0)
    influence = np.divide(whitened.freedom * share, scale, out=np.zeros_like(scale), where=judged)
    return np.asarray(np.minimum(influence, MOST_INFLUENCE), np.float32)
