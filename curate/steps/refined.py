"""The columns that a head adds to a weighted manifest, from each row's probabilities."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curate.columns import NOISE_NAMES, REFINED_NAMES
from curate.heads.task import Task
from prototypes.weights import sample_weight

TOP = 5
"""The likeliest classes that are written of each row."""
PRESENT = 0.5
"""Where images have several labels, those of this probability or more are refined labels."""


@dataclass(frozen=True)
class Refined:
    """What a head says of n rows."""

    probabilities: NDArray[np.float32]
    """(n, K)"""
    g: NDArray[np.float32]
    """(n, d): adapted features."""
    there: NDArray[np.bool_]
    """(n,): who has features."""
    noise: NDArray[np.float32] | None
    """(n, 3): the posterior of the types of noise."""


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

    def table(self, found: Refined) -> pa.Table:
        """Make the columns of REFINED_NAMES, and NOISE_NAMES where the head tells them (n rows)."""
        named = found.probabilities[:, : self.task.named]
        order = np.argsort(-named, axis=1, kind="stable")
        best = np.take_along_axis(named, order, axis=1)
        if self.task.several:
            lengths = np.where(found.there, (named >= PRESENT).sum(axis=1), 0)
            own = self._lists(order, best, lengths, found)
        else:
            own = self._single(order[:, 0], best[:, 0], found)
        lengths = np.where(found.there, min(TOP, self.task.named), 0)
        top = self._lists(order, best, lengths, found)
        parts = (*own, *top[:2])
        columns = dict(zip(REFINED_NAMES, parts, strict=True))
        if found.noise is not None:
            missing = ~found.there
            for name, values in zip(NOISE_NAMES, found.noise.T, strict=True):
                columns[name] = pa.array(values, pa.float32(), mask=missing)
        return pa.table(columns)

    def _single(
        self, best: NDArray[np.int64], p: NDArray[np.float32], found: Refined
    ) -> tuple[pa.Array, pa.Array, pa.Array]:
        """Return label, probability and weight (n,); none of the classes is null and weighs 0."""
        none = np.zeros(len(best), bool)
        if self.task.none:
            none = found.probabilities[:, -1] > p
            p = np.maximum(p, found.probabilities[:, -1])
        rows = np.arange(len(best))
        weights = np.where(none | ~found.there, 0, self._weights(found.g, rows, best))
        return (
            self._labels(best, none | ~found.there),
            pa.array(p, pa.float32(), mask=~found.there),
            pa.array(weights, pa.float32()),
        )

    def _lists(
        self, order: NDArray[np.int64], p: NDArray[np.float32], lengths: NDArray[np.int64],
        found: Refined,
    ) -> tuple[pa.Array, pa.Array, pa.Array]:  # fmt: skip
        """Return the first ``lengths`` (n,) classes of each row, with probabilities and weights."""
        kept = np.arange(order.shape[1]) < lengths[:, None]
        offsets = pa.array(np.append(0, lengths.cumsum()), pa.int32())
        mask = pa.array(~found.there)
        rows, classes = np.nonzero(kept)[0], order[kept]
        values = (
            self._labels(classes, np.zeros(len(classes), bool)),
            pa.array(p[kept], pa.float32()),
            pa.array(self._weights(found.g, rows, classes), pa.float32()),
        )
        first, second, third = (pa.ListArray.from_arrays(offsets, v, mask=mask) for v in values)
        return first, second, third

    def _labels(self, classes: NDArray[np.int64], missing: NDArray[np.bool_]) -> pa.Array:
        names = pa.array(self.classes).cast(self.label)
        return names.take(pa.array(classes, mask=missing))

    def _weights(
        self, g: NDArray[np.float32], rows: NDArray[np.int64], classes: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return Eq. 6's weights of (row, class) pairs (m,)."""
        distances = np.linalg.norm(self.centres[classes] - g[rows, None], axis=2).min(axis=1)
        return sample_weight(distances, self.alpha, self.beta)
