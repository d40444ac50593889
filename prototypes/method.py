"""The method in the paper's order: space, initial prototypes, consistency, prototypes, scores.

Every stage is a few passes over blocks and a small frozen result, which the caller may save.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import EachBlock, Floats, Labels, total, unit_rows
from prototypes.consistency import Consistency, targets
from prototypes.evidence import Evidence
from prototypes.initial import (
    MarginHistogram,
    margin_histogram,
    reliable,
    reliable_bins,
    reliable_sums,
)
from prototypes.moments import ClassSums, block_moments, class_sums
from prototypes.quality import LabelQuality, label_quality
from prototypes.relations import Relations, relations_of
from prototypes.space import AdaptedSpace, adapted_space
from prototypes.temperature import (
    Sample,
    label_temperature,
    relation_temperature,
    sample_rows,
    sample_stride,
)

T = TypeVar("T")
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Options:
    """Constants of Eq. 4 and of the initial prototypes."""

    gamma: float = 2.0
    epsilon: float = 0.05
    reliable: float = 0.4
    """Share of each class, the most confident, whose mean is the initial prototype."""


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of Eq. 5 and what they were made by."""

    v: Rows
    """(C, d)"""
    tau: float
    """Temperature of label quality."""
    consistency: Consistency


@dataclass(frozen=True)
class Scores:
    """What the method says of n rows."""

    consistency: Rows
    """(n,): p of Eq. 4."""
    label: LabelQuality


def fit_space(each: EachBlock, classes: int) -> AdaptedSpace:
    """Fit the adapted space to blocks of features: one pass."""
    return adapted_space(total(each(partial(block_moments, classes=classes))))


def adapted(each: EachBlock, space: AdaptedSpace) -> EachBlock:
    """Give blocks of adapted features g in place of blocks of features x."""

    def each_adapted(fn: Callable[[Rows, Labels], T], /) -> Iterable[T]:
        return each(partial(_in_space, space, fn))

    return each_adapted


def _in_space(
    space: AdaptedSpace, fn: Callable[[Rows, Labels], T], features: Floats, labels: Labels
) -> T:
    return fn(space.transform(features), labels)


def fit_prototypes(
    each: EachBlock,
    classes: int,
    graph: NDArray[np.floating[Any]] | None = None,
    options: Options = Options(),
) -> Prototypes:
    """Fit prototypes to blocks of adapted features (see `adapted`): four passes.

    ``graph`` is S_t (C, C), NaN where it does not know a class, or None: there
    what the classes look like stands in for it. Raises ValueError for a label that is no class
    and for a graph of another shape.
    """
    sums = total(each(partial(class_sums, classes=classes)))
    plain = unit_rows(sums.means())
    stride = sample_stride(sums.weight.sum(), classes)
    confidence = total(each(partial(_confidence, plain=plain, stride=stride)))
    bins = reliable_bins(confidence.margins, options.reliable)
    reliable_means = total(each(partial(reliable_sums, plain=plain, bins=bins))).means()
    initial = unit_rows(reliable_means)
    sample = confidence.sample
    chosen = reliable(sample.g, sample.labels, plain, bins)
    trusted = Sample(sample.g[chosen], sample.labels[chosen])
    judge = _fit_consistency(relations_of(graph, initial), sample, trusted, options)
    v = total(each(partial(_consistent_sums, judge))).means().astype(np.float32)
    return Prototypes(v, label_temperature(sample, unit_rows(v)), judge)


def score_block(
    features: Floats,
    labels: Labels,
    space: AdaptedSpace,
    prototypes: Prototypes,
    evidence: Evidence | None = None,
) -> Scores:
    """Score a block of features x (n, D), with what else speaks for their labels."""
    g = space.transform(features)
    return Scores(
        prototypes.consistency(g, labels),
        label_quality(g, labels, prototypes.v, prototypes.tau, space.self_influence, evidence),
    )


@dataclass(frozen=True)
class _Confidence:
    margins: MarginHistogram
    sample: Sample

    def __add__(self, other: "_Confidence") -> "_Confidence":
        return _Confidence(self.margins + other.margins, self.sample + other.sample)


def _confidence(g: Rows, labels: Labels, plain: Rows, stride: int) -> _Confidence:
    return _Confidence(
        margin_histogram(g, labels, plain), sample_rows(g, labels, len(plain), stride)
    )


def _fit_consistency(
    relations: Relations, sample: Sample, chosen: Sample, options: Options
) -> Consistency:
    tau_v = label_temperature(sample, relations.initial)
    tau_t = relation_temperature(chosen, relations, tau_v)
    expected = targets(relations, tau_t)
    return Consistency(relations.initial, expected, tau_v, tau_t, options.epsilon, options.gamma)


def _consistent_sums(judge: Consistency, g: Rows, labels: Labels) -> ClassSums:
    return class_sums(g, labels, len(judge.initial), judge(g, labels))
