"""The prototypes of Eq. 5, and everything that is fitted with them to judge labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock, Labels, Sums, unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import little_known
from prototypes.engine.moments import BlockSums, ClassSums, Weigh, class_sums
from prototypes.fit.clusters import fit_clusters
from prototypes.fit.confusion_fit import fit_confusion
from prototypes.fit.consistency import Consistency
from prototypes.fit.crawl_rows import CrawlRows
from prototypes.fit.dominance import log_sizes
from prototypes.fit.initial import Chosen, Initial
from prototypes.fit.judge import Judge
from prototypes.fit.left_out import LeftOut
from prototypes.fit.prevalence import FREQUENT, effects, level, prevalence, turned
from prototypes.fit.prior import Prior
from prototypes.fit.sample import LabelledSample
from prototypes.fit.sample_cosines import SampleCosines
from prototypes.fit.temperature import quality_temperature, relation_temperature
from prototypes.options import CONSTANT, Options

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of Eq. 5, and what is needed to score rows by them."""

    v: Rows
    """(C·k, d): those of a class are adjacent; a class with fewer than k repeats one."""
    tau: float
    """Temperature of label quality."""
    consistency: Consistency
    confusion: Confusion
    """Which classes images with wrong labels are likely to belong to."""
    p: Rows | None
    """(rows,): p of Eq. 4, NaN for a row without one. None after several rounds and with constant
    prototypes, where p is not the weight of a row, unless images have several labels."""
    weighted: bool
    """Whether the weight of a row in its prototype is p; else it is 1 for the candidates only."""
    chosen: Chosen
    """Tells the candidates."""
    left_out: LeftOut
    level: Rows
    """(C,): added to the cosines to each class (see `prevalence`); zeros unless images have several
    labels."""
    images: NDArray[np.float64]
    """(C,): images of each class that the prototypes were fitted to, verified ones included."""
    prior: Prior
    """How often labels are right, from the rows of the crawl."""

    @property
    def little_known(self) -> NDArray[np.int64]:
        """List the classes (m,) that have too few images to be judged and suggested."""
        return little_known(self.images)

    @property
    def per_class(self) -> int:
        """Return k, the number of prototypes of each class."""
        return len(self.v) // len(self.consistency.initial)


def weighted_sums(each: EachBlock, weigh: Weigh, classes: int) -> tuple[ClassSums, Rows]:
    """Sum the weighted rows g per class, in one pass; also return the weights (rows,)."""
    sums: ClassSums | None = None
    weights = []
    for block in each(partial(_weighted, weigh=weigh, classes=classes)):
        sums = block.by_class.add_to(sums)
        weights.append(block.weights)
    assert sums is not None
    return sums, np.concatenate(weights)


@dataclass(frozen=True)
class _Weighted(Sums):
    """Weighted sums of a block, and the weights (n,) of its rows."""

    by_class: BlockSums
    weights: Rows

    def joined(self, others: Sequence[Self]) -> Self:
        """Add the sums of the blocks that follow, and append their weights."""
        by_class = self.by_class.joined([other.by_class for other in others])
        weights = np.concatenate([self.weights, *(other.weights for other in others)])
        return replace(self, by_class=by_class, weights=weights)


def _weighted(g: Rows, labels: Labels, weigh: Weigh, classes: int) -> _Weighted:
    weights = weigh(g, labels)
    return _Weighted(class_sums(g, labels, classes, weights), weights)


@dataclass(frozen=True)
class Centres:
    """Where the prototypes lie; see `Prototypes`."""

    v: Rows
    """(C·k, d)"""
    level: Rows
    """(C,)"""
    left_out: LeftOut


def place_prototypes(
    rows: CrawlRows, sums: ClassSums, judge: Judge, sample: LabelledSample, options: Options
) -> Centres:
    """Turn the weighted ``sums`` of the crawl's rows into prototypes: Eq. 5.

    Takes two passes where a class has several prototypes, and up to two where images have several
    labels.
    """
    joined, k = rows.verified.join(sums), options.per_class
    v = joined.means().astype(np.float32)
    if options.prototypes == CONSTANT:
        v = unit_rows(v)
    if k > 1:
        v = fit_clusters(rows.verified.sources(rows.each, judge.weigh, sums), v, k)
    lift = np.zeros(rows.classes, np.float32)
    if sample.several_labels:
        v, lift = _shared(rows, sample, v, k)
    return Centres(v, lift, LeftOut.of(joined))


def _shared(rows: CrawlRows, sample: LabelledSample, v: Rows, k: int) -> tuple[Rows, Rows]:
    """Adapt prototypes (C·k, d) to images with several labels; also return levels (C,)."""
    share = prevalence(rows.each, rows.sums.weight)
    if share.max() > FREQUENT:
        frequent, effect = effects(rows.each, share)
        every = (frequent[:, None] * k + np.arange(k)).ravel()
        v = turned(v, every, np.repeat(effect, k, axis=0))
    tau = quality_temperature(SampleCosines.of(sample, v, k, np.zeros(len(share), np.float32)))
    return v, level(rows.sums, v.reshape(len(share), k, -1).mean(axis=1), share, tau)


def calibrate(
    rows: CrawlRows, initial: Initial, judge: Judge, cosines: SampleCosines
) -> tuple[float, Confusion]:
    """Return the temperature of label quality and the confusion, both fitted on the sample."""
    tau = quality_temperature(cosines)
    tau_t = relation_temperature(initial.reliable, judge.relations, tau)
    confusion = fit_confusion(judge.relations, tau_t, cosines.softmax(tau), cosines.labels)
    return tau, replace(confusion, sizes=log_sizes(rows.counts))
