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
from prototypes.clusters import fit_clusters
from prototypes.consistency import L2, SOFTMAX, Consistency, l2_targets, targets
from prototypes.initial import (
    MarginHistogram,
    margin_histogram,
    reliable,
    reliable_bins,
    reliable_sums,
)
from prototypes.moments import Weigh, block_moments, class_sums, constant, weighted_sums
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
from prototypes.verified import BOTH, Verified

WEIGHTED, CONSTANT = "weighted", "constant"
PROTOTYPES = (WEIGHTED, CONSTANT)
"""Samples weigh p in their prototype (Eq. 5), or all the same (SINet Table 3)."""

T = TypeVar("T")
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Options:
    """What can be chosen about Eq. 4 and 5 and the initial prototypes."""

    gamma: float = 2.0
    epsilon: float = 0.05
    psi: str = SOFTMAX
    """ψ of Eq. 4: one of `consistency.PSI`."""
    tau_v: float | None = None
    tau_t: float | None = None
    """Temperatures of a softmax ψ; None: calibrated."""
    prototypes: str = WEIGHTED
    """One of PROTOTYPES."""
    per_class: int = 1
    """k: so many prototypes per class at most."""
    verified: str = BOTH
    """What verified rows are used for: one of `verified.USES`."""
    reliable: float = 0.4
    """Share of each class, the most confident, whose mean is the initial prototype."""


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of Eq. 5 and what they were made by."""

    v: Rows
    """(C·k, d): those of a class side by side; one that has fewer than k repeats its first."""
    tau: float
    """Temperature of label quality."""
    consistency: Consistency


@dataclass(frozen=True)
class Scores:
    """What the method says of n rows."""

    consistency: Rows
    """(n,): p of Eq. 4."""
    label: LabelQuality


def fit_space(each: EachBlock, classes: int, verified: EachBlock | None = None) -> AdaptedSpace:
    """Fit the adapted space to blocks of features: one pass.

    ``verified`` gives the rows with a verified label, if any; they have none in ``each``.
    """
    sources = [each] if verified is None else [each, verified]
    block = partial(block_moments, classes=classes)
    return adapted_space(total(total(source(block)) for source in sources))


def adapted(each: EachBlock, space: AdaptedSpace) -> EachBlock:
    """Give blocks of adapted features g in place of blocks of features x."""

    def each_adapted(fn: Callable[[Rows, Labels], T], /) -> Iterable[T]:
        return each(partial(_in_space, space, fn))

    return each_adapted


def _in_space(
    space: AdaptedSpace, fn: Callable[[Rows, Labels], T], features: Floats, labels: Labels
) -> T:
    return fn(space.transform(features), labels)


def passes(options: Options) -> int:
    """Count the passes of `fit_prototypes` over the blocks."""
    return 3 + (options.prototypes == WEIGHTED) + 2 * (options.per_class > 1)


def fit_prototypes(
    each: EachBlock,
    classes: int,
    graph: NDArray[np.floating[Any]] | None = None,
    options: Options = Options(),
    verified: EachBlock | None = None,
) -> Prototypes:
    """Fit prototypes to blocks of adapted features (see `adapted`).

    ``graph`` is S_t (C, C), NaN where it does not know a class, or None: there
    what the classes look like stands in for it. ``verified`` gives the rows whose label a person
    has verified; they have none in ``each``. Raises ValueError for a label that is no class
    and for a graph of another shape.
    """
    sums = total(each(partial(class_sums, classes=classes)))
    trust = Verified.of(verified, sums, options.verified)
    plain = unit_rows(trust.join(sums).means())
    stride = sample_stride(sums.weight.sum(), classes)
    confidence = total(each(partial(_confidence, plain=plain, stride=stride)))
    bins = reliable_bins(confidence.margins, options.reliable)
    reliable_rows = total(each(partial(reliable_sums, plain=plain, bins=bins)))
    initial = unit_rows(trust.join(reliable_rows).means())
    sample = confidence.sample
    if verified is not None:
        sample += total(verified(partial(sample_rows, classes=classes, stride=stride)))
    chosen = reliable(sample.g, sample.labels, plain, bins)
    trusted = Sample(sample.g[chosen], sample.labels[chosen])
    judge = _fit_consistency(relations_of(graph, initial), sample, trusted, options)
    weigh: Weigh = partial(constant, p=1.0)
    if options.prototypes == WEIGHTED:
        weigh = judge
        sums = total(each(partial(weighted_sums, weigh=judge, classes=classes)))
    v, k = trust.join(sums).means().astype(np.float32), options.per_class
    if k > 1:
        v = fit_clusters(trust.sources(each, weigh, sums), v, k)
    return Prototypes(v, label_temperature(sample, unit_rows(v), k), judge)


def score_block(
    features: Floats, labels: Labels, space: AdaptedSpace, prototypes: Prototypes
) -> Scores:
    """Score a block of features x (n, D)."""
    g = space.transform(features)
    return Scores(
        prototypes.consistency(g, labels),
        label_quality(g, labels, prototypes.v, prototypes.tau, space.self_influence),
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
    if options.psi == L2:
        tau_v = tau_t = 1.0
        expected = l2_targets(relations)
    else:
        tau_v = options.tau_v or label_temperature(sample, relations.initial)
        tau_t = options.tau_t or relation_temperature(chosen, relations, tau_v)
        expected = targets(relations, tau_t)
    return Consistency(
        relations.initial, expected, options.psi, tau_v, tau_t, options.epsilon, options.gamma
    )
