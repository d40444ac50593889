"""The columns that a head adds to a weighted manifest, from each row's probabilities."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.heads.label_sets import set_sizes
from curate.heads.task import Task
from curate.weighted.columns import NOISE_NAMES, REFINED_NAMES
from prototypes.score.weights import sample_weight

TOP = 5
"""The likeliest classes that are written of each row."""


@dataclass(frozen=True)
class Refined:
    """The predictions of a head for n rows."""

    probabilities: NDArray[np.float32]
    """(n, K); where nothing is known, ones for the given labels and zeros elsewhere."""
    known: NDArray[np.bool_]
    """(n, K): which probabilities are known."""
    g: NDArray[np.float32]
    """(n, d): adapted features."""
    has_features: NDArray[np.bool_]
    """(n,): which rows have features."""
    noise: NDArray[np.float32] | None
    """(n, 3): the posterior of the types of noise."""
    distances: NDArray[np.float32]
    """(n, K): to the given labels, as `curate weight` found them; NaN for other classes."""
    labelled: NDArray[np.bool_]
    """(n,): which rows have a given label and features."""

    @property
    def noise_types(self) -> NDArray[np.int64]:
        """How many rows each of NOISE_NAMES is the likeliest type of; zeros where none is told."""
        if self.noise is None:
            return np.zeros(len(NOISE_NAMES), np.int64)
        likeliest = self.noise[self.labelled].argmax(axis=1)
        return np.bincount(likeliest, minlength=len(NOISE_NAMES))


@dataclass(frozen=True)
class _Listed:
    """The first ``lengths`` (n,) classes of each row, in ``order`` (n, C)."""

    order: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def kept(self) -> NDArray[np.bool_]:
        return np.asarray(np.arange(self.order.shape[1]) < self.lengths[:, None])

    @property
    def rows(self) -> NDArray[np.int64]:
        return np.nonzero(self.kept)[0]

    @property
    def classes(self) -> NDArray[np.int64]:
        return np.asarray(self.order[self.kept])

    def column(self, values: pa.Array, valid: NDArray[np.bool_]) -> pa.ListArray:
        """Deal values of (row, class) pairs out to rows; null where a row is not valid."""
        offsets = pa.array(np.append(0, self.lengths.cumsum()), pa.int32())
        return pa.ListArray.from_arrays(offsets, values, mask=pa.array(~valid))


@dataclass(frozen=True)
class Columns:
    """How rows become columns."""

    task: Task
    classes: tuple[str, ...]
    """(C + new)"""
    label: pa.DataType
    """Of one label."""
    centres: NDArray[np.float32]
    """(C + new, k, d): the prototypes of each class."""
    alpha: float
    beta: float
    usual: NDArray[np.float32]
    """(C + new,): what a label weighs whose class is not judged; NaN for other classes."""

    def table(self, found: Refined) -> pa.Table:
        """Make the columns of REFINED_NAMES, and NOISE_NAMES where the head tells them (n rows)."""
        named, known = found.probabilities[:, : self.task.named], found.known[:, : self.task.named]
        told = found.has_features & known.any(axis=1)
        order = np.argsort(-named, axis=1, kind="stable")
        known = np.take_along_axis(known, order, axis=1)
        best = np.take_along_axis(named, order, axis=1)
        if self.task.several:
            sizes = np.where(found.has_features, set_sizes(named, self.task.empty), 0)
            chosen = _Listed(order, sizes)
            weights = self._weights(found, chosen.rows, chosen.classes)
            values = (
                self._labels(chosen.classes),
                pa.array(best[chosen.kept], pa.float32(), mask=~known[chosen.kept]),
                pa.array(weights, pa.float32()),
            )
            own = tuple(chosen.column(each, found.has_features) for each in values)
        else:
            own = self._single(order[:, 0], best[:, 0], found)
        top = _Listed(order, np.where(told, min(TOP, self.task.named), 0))
        parts = (
            *own,
            top.column(self._labels(top.classes), told),
            top.column(pa.array(best[top.kept], pa.float32(), mask=~known[top.kept]), told),
        )
        columns = dict(zip(REFINED_NAMES, parts, strict=True))
        if found.noise is not None:
            missing = ~found.labelled
            for name, values in zip(NOISE_NAMES, found.noise.T, strict=True):
                columns[name] = pa.array(values, pa.float32(), mask=missing)
        return pa.table(columns)

    def _single(
        self, best: NDArray[np.int64], p: NDArray[np.float32], found: Refined
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Return label, probability and weight (n,); none of the classes is null and weighs 0."""
        none = p == 0
        p = np.where(none, 1, p)
        if self.task.none:
            none |= found.probabilities[:, -1] > p
            p = np.maximum(p, found.probabilities[:, -1])
        rows = np.arange(len(best))
        weights = np.where(none | ~found.has_features, 0, self._weights(found, rows, best))
        return (
            self._labels(best, none | ~found.has_features),
            pa.array(p, pa.float32(), mask=~(found.has_features & found.known.any(axis=1))),
            pa.array(weights, pa.float32()),
        )

    def _labels(
        self, classes: NDArray[np.int64], missing: NDArray[np.bool_] | None = None
    ) -> pa.Array:
        names = pa.array(self.classes).cast(self.label)
        return names.take(pa.array(classes, mask=missing))

    def _weights(
        self, found: Refined, rows: NDArray[np.int64], classes: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return Eq. 6's weights of (row, class) pairs (m,): of given labels those they had.

        Prototypes of classes that are not judged say nothing, so labels of these weigh the usual.
        """
        away = self.centres[classes] - found.g[rows, None]
        distances, given = np.linalg.norm(away, axis=2).min(axis=1), found.distances[rows, classes]
        distances = np.where(np.isnan(given), distances, given)
        usual, weights = self.usual[classes], sample_weight(distances, self.alpha, self.beta)
        return np.where(np.isnan(usual), weights, usual)
