"""The method in the paper's order: space, initial prototypes, consistency, prototypes, scores.

Every stage is a few passes over blocks and a small frozen result, which the caller may save.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prototypes.absent import absent_classes, strike_absent
from prototypes.blocks import EachBlock, Floats, Labels, unit_rows
from prototypes.clusters import fit_clusters
from prototypes.confusion import Confusion, fit_confusion
from prototypes.consistency import Consistency, l2_targets, targets
from prototypes.dominance import TRUST_ROUNDS, dominance, log_sizes, trusted_sums
from prototypes.evidence import Evidence, lifted
from prototypes.initial import Cells, margin_cells, reliable, reliable_bins, reliable_sums
from prototypes.left_out import LeftOut
from prototypes.moments import (
    BlockSums,
    ClassSums,
    Weigh,
    add_moments,
    add_up,
    block_moments,
    class_sums,
    constant,
)
from prototypes.options import CONSTANT, L2, WEIGHTED, Options
from prototypes.pairs import own_labels, strike_others
from prototypes.prevalence import FREQUENT, effects, level, levelled, prevalence, turned
from prototypes.products import HOST, Products
from prototypes.quality import LabelQuality, label_quality
from prototypes.relations import Relations, relations_of
from prototypes.rounds import CrossFitted, fold_prototypes
from prototypes.softmax import log_softmax, nearest_of_class
from prototypes.space import AdaptedSpace, adapted_space, discriminant
from prototypes.temperature import (
    Sample,
    join_samples,
    label_temperature,
    quality_temperature,
    relation_temperature,
    sample_rows,
    sample_stride,
)
from prototypes.verified import Verified

T = TypeVar("T")
Rows = NDArray[np.float32]
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Prototypes:
    """The prototypes of Eq. 5 and what they were made by."""

    v: Rows
    """(C·k, d): those of a class side by side; one that has fewer than k repeats its first."""
    tau: float
    """Temperature of label quality."""
    consistency: Consistency
    confusion: Confusion
    """What wrong labels are likely to stand for."""
    p: Rows | None
    """(rows,): p of Eq. 4, NaN where a row has none. None after several rounds and with constant
    prototypes, where rows did not weigh this p, unless images have several labels."""
    weighted: bool
    """Whether rows weighed p in their prototype, or all the same."""
    left_out: LeftOut
    level: Rows
    """(C,): what to add to the cosines to each class (see `prevalence`): zeros, unless images
    have several labels."""

    @property
    def per_class(self) -> int:
        """Say how many prototypes lie side by side for each class: k."""
        return len(self.v) // len(self.consistency.initial)


@dataclass(frozen=True)
class Scores:
    """What the method says of n rows."""

    consistency: Rows
    """(n,): p of Eq. 4."""
    label: LabelQuality


def fit_space(
    each: EachBlock,
    classes: int,
    verified: EachBlock | None = None,
    products: Products = HOST,
) -> AdaptedSpace:
    """Fit the adapted space to blocks of features: one pass, or more where one class outweighs all.

    Then TRUST_ROUNDS passes follow: where wrong labels outnumber the right ones of a small class,
    they leave its mean little by little.

    ``verified`` gives the rows with a verified label, if any; they have none in ``each``. Raises
    ValueError as `adapted_space`.
    """
    sources = [each] if verified is None else [each, verified]
    block = partial(block_moments, classes=classes, products=products)
    moments = add_moments(chain.from_iterable(source(block) for source in sources))
    if not dominance(moments.by_class.weight):
        return adapted_space(moments)
    found = discriminant(moments)
    for _ in range(TRUST_ROUNDS):
        trusted = partial(trusted_sums, discriminant=found)
        means = add_up(chain.from_iterable(source(trusted) for source in sources)).means()
        found = found.around(means)
    return adapted_space(moments, means)


def adapted(each: EachBlock, space: AdaptedSpace) -> EachBlock:
    """Give blocks of adapted features g in place of blocks of features x."""

    def each_adapted(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterable[T]:
        return each(partial(_in_space, space, fn), *beside)

    return each_adapted


def _in_space(
    space: AdaptedSpace, fn: Callable[..., T], features: Floats, labels: Labels, *known: Any
) -> T:
    return fn(space.transform(features), labels, *known)


def passes(options: Options) -> int:
    """Count the passes of `fit_prototypes` over the blocks."""
    weighted = options.rounds * (options.prototypes == WEIGHTED)
    return 3 + weighted + 2 * (options.per_class > 1)


def fit_prototypes(
    each: EachBlock,
    classes: int,
    graph: Matrix | None = None,
    options: Options = Options(),
    verified: EachBlock | None = None,
    products: Products = HOST,
    class_means: Rows | None = None,
) -> Prototypes:
    """Fit prototypes to blocks of adapted features (see `adapted`).

    ``graph`` is S_t (C, C), NaN where it does not know a class, or None: there
    what the classes look like stands in for it. ``verified`` gives the rows whose label a person
    has verified; they have none in ``each``. ``class_means`` (C, d) are those of the space where
    one class outweighs the others; else plain means of the rows tell which are classified
    confidently. Raises ValueError for a label that is no class and for a graph of another shape.
    """
    sums = given = add_up(each(partial(class_sums, classes=classes)))
    trust = Verified.of(verified, sums, options.verified)
    counted_rows = trust.counts + trust.sums.weight
    plain = unit_rows(trust.join(sums).means()) if class_means is None else class_means
    stride = sample_stride(sums.weight.sum(), classes)
    confidence = partial(_confidence, plain=plain, stride=stride, products=products)
    samples, cells = zip(*each(confidence), strict=True)
    bins = reliable_bins(cells, classes, options.reliable, own_only=class_means is not None)
    reliable_rows = add_up(each(partial(reliable_sums, bins=bins), cells))
    initial = unit_rows(trust.join(reliable_rows).means())
    if verified is not None:
        samples += tuple(verified(partial(sample_rows, classes=classes, stride=stride)))
    sample = join_samples(samples, classes)
    chosen = reliable(margin_cells(sample.g, sample.labels, plain), bins)
    trusted = Sample(sample.g[chosen], sample.labels[chosen])
    relations = relations_of(graph, initial)
    judge = _fit_consistency(relations, sample, trusted, options)
    weigh: Weigh = partial(judge, products=products, relations=relations)
    p: list[Rows] = []
    if options.prototypes == WEIGHTED:
        for _ in range(options.rounds - 1):
            found = fold_prototypes(each, weigh, initial, trust.join)
            judge, weigh = _judge_again(found, graph, sample, trusted, options, products)
        sums = add_up(_noting(each(partial(_weighted, weigh=weigh, classes=classes)), p))
    else:
        weigh = partial(constant, p=1.0)
    if judge.initial is not initial:
        relations = relations_of(graph, judge.initial)
    if options.rounds > 1 or options.prototypes == CONSTANT:
        several = sample.labels.ndim == 2
        judge_all = partial(judge, products=products, relations=relations)
        p = list(each(judge_all)) if several else []
    joined, k = trust.join(sums), options.per_class
    v = joined.means().astype(np.float32)
    if options.prototypes == CONSTANT:
        v = unit_rows(v)
    if k > 1:
        v = fit_clusters(trust.sources(each, weigh, sums), v, k)
    lift = np.zeros(classes, np.float32)
    if sample.labels.ndim == 2:
        v, lift = _shared(each, given, sample, v, k)
    tau = quality_temperature(sample, unit_rows(v), k, lift)
    likeliest = relation_temperature(trusted, relations, tau)
    looks = _by_look(sample, v, k, tau, lift)
    confusion = fit_confusion(relations, likeliest, looks, own_labels(sample.labels))
    confusion = replace(confusion, sizes=log_sizes(counted_rows))
    weighted, known = options.prototypes == WEIGHTED, np.concatenate(p) if p else None
    return Prototypes(v, tau, judge, confusion, known, weighted, LeftOut.of(joined), lift)


def _shared(each: EachBlock, sums: ClassSums, sample: Sample, v: Rows, k: int) -> tuple[Rows, Rows]:
    """Return prototypes (C·k, d) and levels (C,) where images share labels (see `prevalence`)."""
    share = prevalence(each, sums.weight)
    if share.max() > FREQUENT:
        frequent, effect = effects(each, share)
        every = (frequent[:, None] * k + np.arange(k)).ravel()
        v = turned(v, every, np.repeat(effect, k, axis=0))
    tau = quality_temperature(sample, unit_rows(v), k, np.zeros(len(share), np.float32))
    return v, level(sums, v.reshape(len(share), k, -1).mean(axis=1), share, tau)


def score_block(
    g: Rows,
    labels: Labels,
    space: AdaptedSpace,
    prototypes: Prototypes,
    p: Rows | None = None,
    evidence: Evidence | None = None,
    products: Products = HOST,
) -> Scores:
    """Score a block of adapted features g (n, d).

    ``p`` (n,) is their consistency where it is known, NaN elsewhere, and ``evidence`` what else
    speaks for their labels.
    """
    v, tau, influence = prototypes.v, prototypes.tau, space.self_influence
    p = _completed(p, g, labels, partial(prototypes.consistency, products=products))
    own, weight = own_labels(labels), p if prototypes.weighted else np.ones_like(p)
    if prototypes.level.any():
        evidence = lifted(evidence, prototypes.level, len(g))
    label = label_quality(g, labels, v, tau, influence, prototypes.confusion, evidence, products)
    distance = prototypes.left_out.distance(label.distance, weight, own)
    if prototypes.level.any():
        distance = levelled(distance, v[own * prototypes.per_class], prototypes.level[own])
    return Scores(p, replace(label, distance=distance))


def _completed(p: Rows | None, g: Rows, labels: Labels, judge: Weigh) -> Rows:
    if p is None:
        return judge(g, labels)
    unknown = np.isnan(p)
    return p if not unknown.any() else _filled(p, unknown, judge(g[unknown], labels[unknown]))


def _filled(p: Rows, unknown: NDArray[np.bool_], values: Rows) -> Rows:
    filled = p.copy()
    filled[unknown] = values
    return filled


def _weighted(g: Rows, labels: Labels, weigh: Weigh, classes: int) -> tuple[BlockSums, Rows]:
    p = weigh(g, labels)
    return class_sums(g, labels, classes, p), p


def _noting(blocks: Iterable[tuple[BlockSums, Rows]], p: list[Rows]) -> Iterator[BlockSums]:
    """Give the sums of blocks on, and keep the rows' p."""
    for sums, weights in blocks:
        p.append(weights)
        yield sums


def _confidence(
    g: Rows, labels: Labels, plain: Rows, stride: int, products: Products
) -> tuple[Sample, Cells]:
    return sample_rows(g, labels, len(plain), stride), margin_cells(g, labels, plain, products)


def _by_look(sample: Sample, v: Rows, k: int, tau: float, level: Rows) -> Rows:
    """Return the softmax (m, C) of the cosines of a sample, without its images' other labels."""
    cosines = nearest_of_class(sample.g @ unit_rows(v).T, k) + level
    strike_others(cosines, sample.labels)
    strike_absent(cosines, absent_classes(v, k))
    return np.asarray(np.exp(log_softmax(cosines / np.float32(tau))), np.float32)


def _judge_again(
    found: Rows,
    graph: Matrix | None,
    sample: Sample,
    trusted: Sample,
    options: Options,
    products: Products,
) -> tuple[Consistency, CrossFitted]:
    """Fit Eq. 4 around the prototypes of a round: those of all, and those of each fold's others."""
    judge = _fit_consistency(relations_of(graph, found[-1]), sample, trusted, options)
    same = replace(options, tau_v=judge.tau_v, tau_t=judge.tau_t)
    judges = []
    for P in found[:-1]:
        relations = relations_of(graph, P)
        fold = _fit_consistency(relations, sample, trusted, same)
        judges.append(partial(fold, products=products, relations=relations))
    return judge, CrossFitted(tuple(judges))


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
