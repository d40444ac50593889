"""The adapted space, which separates classes as a network trained on the crawl would.

SINet takes its features from a CNN trained on the noisy data itself. Linear discriminant
analysis on the noisy labels has the same effect on the features of a frozen encoder, in closed
form.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from prototypes.engine.blocks import Floats, unit_rows
from prototypes.engine.little_known import LEAST_IMAGES
from prototypes.engine.moments import Moments
from prototypes.engine.products import HOST, Products
from prototypes.fit.dominance import Discriminant
from prototypes.fit.wrong_share import UNKNOWN, Agreement

RIDGE_FLOOR = 0.01
"""Least ridge, as a share of the mean within-class variance."""
RIDGE_SAMPLES = 5.0
"""Ridge for few samples, as a multiple of tr(W) / (N − C)."""
BETWEEN_DIRECTIONS = 256
"""Number of directions of the between-class scatter that are kept."""
MOST_INFLUENCE = 0.5
"""Largest self-influence that is subtracted: in a class of a few images the average says little
about a single image, and subtracting all of it would flag nearly all of them."""
REST_DIRECTIONS = 64
REST_VARIANCE = 4.0
"""Number of further directions, and their total within-class variance (see `_rest`)."""
ROUNDING = 1e-7
"""Smallest variance, as the products of unit rows are float32."""

LEAST_VARIANCE = 3e-7
"""Total variance of unit rows below which they differ only by rounding."""

Matrix = NDArray[np.float64]


class SameFeaturesError(ValueError):
    """All rows have the same features."""


@dataclass(frozen=True)
class AdaptedSpace:
    """The map x → g: scale to unit length, centre, whiten and project, scale to unit length."""

    mean: NDArray[np.float32]
    """(D,)"""
    projection: NDArray[np.float32]
    """(D, d)"""
    self_influence: NDArray[np.float32]
    """(C,): the part of the cosine to its own prototype that an image contributes itself, as one of
    the samples of its class (see `_self_influence`)."""
    class_means: NDArray[np.float32] | None = None
    """(C, d): unit means of the classes without rows that likely belong to another class, if one
    class dominates (see `dominance`); else None."""
    agreement: Agreement = UNKNOWN
    """How often labels are wrong by spaces without the rows that they judge (see `held_out`)."""

    def transform(self, features: Floats, products: Products = HOST) -> NDArray[np.float32]:
        """Map features (n, D) to unit rows g (n, d); rows of zeros stay zeros."""
        return products.adapt(features, self.mean, self.projection)


def adapted_space(moments: Moments, trusted: Matrix | None = None) -> AdaptedSpace:
    """Fit the space from the moments of the unit rows.

    W is the within-class covariance of the given labels plus a ridge. Rows are whitened by W^(−1/2)
    and projected onto the leading min(C − 1, 256) directions of the between-class scatter, and onto
    some further directions that are scaled down. C is here without little-known classes, which
    would each add the direction of an image. The centre is the mean of the class means, weighted by
    `_Whitened.reliability`, since the mean of all rows would be close to that of a large class.
    ``trusted`` (C, D) are class means to use for the centre in place of those of the moments; they
    count alike. Raises ValueError if fewer than two classes have rows, and SameFeaturesError if all
    rows are the same.
    """
    whitened = _Whitened.of(moments)
    count, means = moments.by_class.weight, moments.by_class.means()
    directions = np.hstack([whitened.leading, _rest(whitened.leading, whitened.axes)])
    projection = whitened.whiten @ directions
    known = means if trusted is None else trusted
    mean = (whitened.reliability(count) if trusted is None else _told_apart(count)) @ known
    centred = (known - mean) @ projection
    influence = _self_influence(count, (means - mean) @ projection, whitened, projection)
    return AdaptedSpace(
        mean.astype(np.float32),
        projection.astype(np.float32),
        influence,
        None if trusted is None else unit_rows(centred * (count > 0)[:, None]),
    )


def discriminant(moments: Moments) -> Discriminant:
    """Fit linear discriminant analysis to the moments of the unit rows.

    Raises ValueError as `adapted_space`.
    """
    whitened = _Whitened.of(moments)
    projection = whitened.whiten @ whitened.leading
    by_class = moments.by_class
    return Discriminant(projection, by_class.means() @ projection, by_class.weight)


@dataclass(frozen=True)
class _Whitened:
    """The space in which the within-class variance is the same in all directions."""

    total: Matrix
    """(D, D): covariance of the rows."""
    axes: Matrix
    """(D, D): eigenvectors of W plus its ridge, in columns."""
    variances: Matrix
    """(D,): its eigenvalues, ascending."""
    whiten: Matrix
    """(D, D): W^(−1/2)."""
    leading: Matrix
    """(D, ·): directions, in whitened space, in which the class means differ most."""
    apart: float
    """How far the class means lie apart in whitened space: Σ share of the rows · squared distance
    to the mean of the rows."""

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
        keep = min(int((_told_apart(count) > 0).sum()) - 1, BETWEEN_DIRECTIONS)
        apart = whiten @ between @ whiten
        leading = _leading(apart, keep)
        return cls(between + within, axes, variances, whiten, leading, float(np.trace(apart)))

    @property
    def freedom(self) -> float:
        """Return the degrees of freedom of the rows: tr((W + ridge)⁻¹ (W + B))."""
        along = np.einsum("ij,ij->j", self.axes, self.total @ self.axes)
        return float(along @ (1 / self.variances))

    def reliability(self, count: Matrix) -> Matrix:
        """Return how much the mean of each class (C,) says of where the classes lie; sum 1.

        The mean of n rows has a variance of ``freedom`` / n around that of its class, and the
        classes one of τ² around the centre (estimated as DerSimonian and Laird, 1986, do). So the
        best centre weighs the means by 1 / (τ² + freedom / n), which is the same for all where all
        classes have as many rows. Little-known classes, which are often mistakes, count nothing.
        """
        share, told = count / count.sum(), _told_apart(count)
        noise = (np.count_nonzero(count) - 1) * self.freedom / count.sum()
        between = max((self.apart - noise) / (1 - share @ share), ROUNDING)
        weight = told * count / (count * between + self.freedom)
        return np.asarray(weight / weight.sum())


def _told_apart(count: Matrix) -> Matrix:
    """Return the same weight for each class (C,) that is not little known, or for all; sum 1."""
    told = count >= LEAST_IMAGES
    told = told if told.sum() > 1 else count > 0
    return np.asarray(told / told.sum())


def _ridged(within: Matrix, n: float, classes: int) -> Matrix:
    """Add the ridge: the fewer samples there are, the less reliable W is."""
    trace = np.trace(within)
    ridge = RIDGE_FLOOR * trace / len(within) + RIDGE_SAMPLES * trace / max(n - classes, 1)
    return np.asarray(within + ridge * np.eye(len(within)))


def _leading(scatter: Matrix, keep: int) -> Matrix:
    """Return the (D, keep) leading eigenvectors."""
    size = len(scatter)
    keep = min(keep, size)
    return np.asarray(linalg.eigh(scatter, subset_by_index=(size - keep, size - 1))[1][:, ::-1])


def _rest(leading: Matrix, axes: Matrix) -> Matrix:
    """Return directions in which classes do not differ, scaled to REST_VARIANCE in total.

    In the between-class directions alone every image looks like some class: with two classes, unit
    length makes g ±1. The part of an image outside them shows that it is unlike any class. The
    directions are the axes of W with the largest variance, made orthogonal to the leading ones.
    """
    room = min(REST_DIRECTIONS, len(axes) - leading.shape[1])
    outside = axes[:, ::-1] - leading @ (leading.T @ axes[:, ::-1])
    chosen = linalg.qr(outside[:, : leading.shape[1] + room], mode="economic", pivoting=True)[0]
    return np.asarray(chosen[:, :room] * min(1.0, np.sqrt(REST_VARIANCE / max(room, 1))))


def _self_influence(
    count: Matrix, centres: Matrix, whitened: _Whitened, projection: Matrix
) -> NDArray[np.float32]:
    """Return how much (C,) a sample adds to its own cosine to its prototype, on average.

    Let μ be the mean of the n whitened samples z of a class, minus the centre. Then z itself
    contributes (1 − 1/C) z·z / n to z·μ, as if each class had the same part in the centre. The
    projection keeps all of it, because the leading directions span every μ of a class that is not
    little known. On average z·z is the degrees of freedom of the space. ``centres`` (C, d) are the
    projected μ. The result is 0 for a class of one sample, which has no other to be compared with.
    """
    length = np.sqrt(max(np.einsum("ij,ij->", projection, whitened.total @ projection), 0))
    share = (1 - 1 / max((count > 0).sum(), 1)) / np.maximum(count, 1)
    scale = length * np.linalg.norm(centres, axis=1)
    judged = (count > 1) & (scale > 0)
    influence = np.divide(whitened.freedom * share, scale, out=np.zeros_like(scale), where=judged)
    return np.asarray(np.minimum(influence, MOST_INFLUENCE), np.float32)
