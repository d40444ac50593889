"""How often labels are wrong, judged by spaces and prototypes that were fitted without them.

An image that has contributed to the space and to its prototype supports its own label, more so the
more unlike the others it is. With few images most wrong labels would seem right. Not in the paper.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from prototypes.engine.absent import mask_absent
from prototypes.engine.blocks import EachBlock, unit_rows
from prototypes.engine.little_known import little_known
from prototypes.engine.moments import ClassSums, Moments, class_sums
from prototypes.fit.few_rows import fewness, halves_of
from prototypes.fit.rounds import fold_of
from prototypes.fit.sample import LabelledSample, join_samples, sample_rows, sample_stride
from prototypes.fit.space import AdaptedSpace, adapted_space
from prototypes.fit.wrong_share import UNKNOWN, Agreement, agreement_of, class_probabilities

AXES = 320
"""Features are shortened to so many of their leading axes, as several spaces are fitted."""
MORE_ROWS = 10
"""Rows that each class is assumed to have beside its own, as a few rows say little of its share."""

Matrix = NDArray[np.float64]
Rows = NDArray[np.float32]


def held_out_agreement(
    each: EachBlock, moments: Moments, trusted: Matrix | None = None
) -> Agreement:
    """Compare the labels of a sample of the rows with classes that they had no part in.

    ``moments`` are those of all rows. ``trusted`` (C, D) are class means to use in place of those
    of the moments (see `adapted_space`). Takes one pass. The result is UNKNOWN for lists of labels,
    and where too few rows or classes are left without a fold.
    """
    count = moments.by_class.weight
    stride = sample_stride(count.sum(), len(count))
    blocks = each(partial(sample_rows, classes=len(count), stride=stride))
    sample = join_samples(list(blocks), len(count))
    unknown = little_known(count)
    if sample.several_labels or len(count) - len(unknown) < 2:
        return UNKNOWN
    judged = ~np.isin(sample.labels, unknown)
    sample = LabelledSample(unit_rows(sample.g[judged]), sample.labels[judged])
    try:
        p = _HeldOut.of(sample, moments, trusted).probabilities(unknown)
    except ValueError:
        return UNKNOWN
    return agreement_of(p, sample.labels)


@dataclass(frozen=True)
class _HeldOut:
    """A sample whose rows are judged by spaces of the others, all shortened to the same axes."""

    g: Rows
    """(m, D) unit rows."""
    short: Matrix
    """(m, d): the same, shortened."""
    labels: NDArray[np.integer]
    """(m,)"""
    moments: Moments
    trusted: Matrix | None

    @classmethod
    def of(cls, sample: LabelledSample, moments: Moments, trusted: Matrix | None) -> "_HeldOut":
        axes = _leading_axes(moments.second)
        means = None if trusted is None else trusted @ axes
        return cls(sample.g, sample.g @ axes, sample.labels, _along(moments, axes), means)

    def probabilities(self, unknown: NDArray[np.int64]) -> Matrix:
        """Return p(class | row) (m, C), 0 for ``unknown`` classes.

        Where rows are few, it is the mean over spaces of random halves. Raises ValueError where no
        space can be fitted.
        """
        few = fewness(self.moments.by_class.weight.sum())
        p = np.zeros((len(self.labels), len(self.moments.by_class.weight)))
        if few < 1:
            p += (1 - few) * self._by(fold_of(self.g), unknown)
        if few > 0:
            divisions = halves_of(self.g)
            for half in divisions:
                p += few / len(divisions) * self._by(half, unknown)
        return p

    def _by(self, fold: NDArray[np.int64], unknown: NDArray[np.int64]) -> Matrix:
        """Return p(class | row) by the spaces of the rows of other folds (m,)."""
        cosines = held_out_cosines(self.short, self.labels, self.moments, self.trusted, fold)
        mask_absent(cosines, unknown)
        return class_probabilities(cosines, log_shares(self.moments.by_class.weight))


def log_shares(count: Matrix) -> Rows:
    """Return the log prior of the classes (C,), from the rows of each.

    A row is compared with classes before its label is looked at, so that a large class is likelier
    than a small one. Without it the likeliest class seems to be right too rarely where sizes
    differ, and too few labels seem wrong.
    """
    more = count + MORE_ROWS
    return np.asarray(np.log(more / more.sum()), np.float32)


def held_out_cosines(
    rows: Matrix | Rows,
    labels: NDArray[np.integer],
    moments: Moments,
    trusted: Matrix | None,
    fold: NDArray[np.int64],
) -> Rows:
    """Return cosines (m, C) of rows (m, d) to class means, in the space of the other folds (m,).

    What is not among the rows is in every fold's moments. Raises ValueError where no space can
    be fitted to what is left without a fold.
    """
    cosines = np.zeros((len(fold), len(moments.by_class.weight)), np.float32)
    for k in np.unique(fold):
        held = fold == k
        rest = _without(moments, rows[held], labels[held])
        space = adapted_space(rest, trusted)
        cosines[held] = _adapted(rows[held], space) @ _class_means(rest, space).T
    return cosines


def _leading_axes(second: Matrix) -> Matrix:
    """Return the (D, AXES) axes along which rows with this second moment are longest."""
    size = len(second)
    if size <= AXES:
        return np.eye(size)
    return np.asarray(linalg.eigh(second, subset_by_index=(size - AXES, size - 1))[1])


def _along(moments: Moments, axes: Matrix) -> Moments:
    """Return the moments of rows that are shortened to ``axes`` (D, d)."""
    sums = ClassSums(moments.by_class.weight, moments.by_class.total @ axes)
    return Moments(sums, axes.T @ moments.second @ axes)


def _without(moments: Moments, rows: Matrix | Rows, labels: NDArray[np.integer]) -> Moments:
    """Take some rows (n, d) out of moments."""
    sums = moments.by_class
    held = class_sums(rows, labels, len(sums.weight)).add_to(None)
    weight = sums.weight - held.weight
    total = (sums.total - held.total) * (weight > 0)[:, None]  # else rounding errors remain
    return Moments(ClassSums(weight, total), moments.second - rows.T @ rows)


def _adapted(rows: Matrix | Rows, space: AdaptedSpace) -> Rows:
    """Map shortened rows (n, d), which are no unit rows, to the space."""
    return unit_rows((rows - space.mean) @ space.projection)


def _class_means(moments: Moments, space: AdaptedSpace) -> Rows:
    """Return the directions of the class means (C, d) in the space; zeros without rows."""
    if space.class_means is not None:
        return space.class_means
    known = moments.by_class.weight > 0
    return unit_rows((moments.by_class.means() - space.mean) @ space.projection * known[:, None])
