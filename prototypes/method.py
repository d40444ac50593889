"""The method in the paper's order: space, initial prototypes, consistency, prototypes, scores.

Every stage makes a few passes over blocks, and returns a small frozen result that the caller may
save.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock, Floats, Labels
from prototypes.engine.moments import Moments, add_moments, add_up, block_moments
from prototypes.engine.products import HOST, Products
from prototypes.fit.crawl_rows import CrawlRows
from prototypes.fit.dominance import TRUST_ROUNDS, dominance, trusted_sums
from prototypes.fit.held_out import held_out_agreement
from prototypes.fit.initial import fit_initial
from prototypes.fit.judge import Judge, fit_judge
from prototypes.fit.prior import fit_prior
from prototypes.fit.prototypes import (
    Prototypes,
    calibrate,
    place_prototypes,
    weighted_sums,
)
from prototypes.fit.sample import LabelledSample
from prototypes.fit.sample_cosines import SampleCosines
from prototypes.fit.space import AdaptedSpace, adapted_space, discriminant
from prototypes.fit.wrong_share import UNKNOWN
from prototypes.options import WEIGHTED, Options
from prototypes.score.scores import Scores, score_block

__all__ = [
    "AdaptedSpace",
    "Prototypes",
    "Scores",
    "adapted",
    "fit_prototypes",
    "fit_space",
    "passes",
    "score_block",
]

SPACE_PASSES = 2
"""Passes of `fit_space` over the blocks where no class dominates."""

T = TypeVar("T")
Rows = NDArray[np.float32]
Matrix = NDArray[np.floating[Any]]


def fit_space(
    each: EachBlock,
    classes: int,
    verified: EachBlock | None = None,
    products: Products = HOST,
    judged: EachBlock | None = None,
) -> AdaptedSpace:
    """Fit the adapted space to blocks of features: one pass, and one over a sample of the rows.

    TRUST_ROUNDS more passes follow the first if one class dominates. If wrong labels outnumber the
    right ones of a small class, each of them removes more of them from its mean.

    ``verified`` gives the verified rows, if any; they have no label in ``each``. ``judged`` gives
    the blocks with the labels that tell how often labels are wrong, if not all do. Raises
    ValueError as `adapted_space` does.
    """
    sources = [each] if verified is None else [each, verified]
    block = partial(block_moments, classes=classes, products=products)
    moments = add_moments(chain.from_iterable(source(block) for source in sources))
    means = _trusted_means(sources, moments) if dominance(moments.by_class.weight) else None
    space = adapted_space(moments, means)
    return replace(space, agreement=held_out_agreement(judged or each, moments, means))


def _trusted_means(sources: Sequence[EachBlock], moments: Moments) -> NDArray[np.float64]:
    found = discriminant(moments)
    for _ in range(TRUST_ROUNDS):
        trusted = partial(trusted_sums, discriminant=found)
        means = add_up(chain.from_iterable(source(trusted) for source in sources)).means()
        found = found.around(means)
    return means


def adapted(each: EachBlock, space: AdaptedSpace) -> EachBlock:
    """Turn blocks of features x into blocks of adapted features g."""

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
    space: AdaptedSpace | None = None,
    pairs: EachBlock | None = None,
    judged: EachBlock | None = None,
) -> Prototypes:
    """Fit prototypes to blocks of adapted features (see `adapted`).

    ``graph`` is S_t (C, C), NaN where a relation is unknown, or None; what the classes look like
    stands in for unknown relations. ``verified`` gives the rows whose label a person has verified;
    they have no label in ``each``. Without the ``space`` of the features plain means of the rows
    tell which rows are classified confidently, and labels support themselves where the share of
    wrong ones is estimated. ``pairs`` gives the blocks with the labels that p is kept of, where
    ``each`` lacks some of them. ``judged`` is as for `fit_space`. Raises ValueError for a label
    that is no class and for a graph of another shape.
    """
    rows = CrawlRows.of(each, classes, verified, options.verified)
    means = None if space is None else space.class_means
    initial = fit_initial(rows, options.reliable, means, products)
    judge = fit_judge(rows, initial, graph, options, products)
    sums, p = initial.sums, None
    if options.prototypes == WEIGHTED:
        sums, p = weighted_sums(each, judge.weigh, classes)
    if options.prototypes != WEIGHTED or options.rounds > 1 or pairs is not None:
        p = _p_of_pairs(pairs or each, initial.sample, judge, products)
    centres = place_prototypes(rows, sums, judge, initial.sample, options)
    sample = initial.sample if judged is None else rows.sample_of(judged)
    cosines = SampleCosines.of(sample, centres.v, options.per_class, centres.level)
    tau, confusion = calibrate(rows, initial, judge, cosines)
    agreement = UNKNOWN if space is None else space.agreement
    prior = fit_prior(cosines.judged(rows.counts, space), tau, confusion, agreement)
    weighted = options.prototypes == WEIGHTED
    return Prototypes(
        centres.v,
        tau,
        judge.consistency,
        confusion,
        p,
        weighted,
        initial.chosen,
        centres.left_out,
        centres.level,
        rows.counts,
        prior,
    )


def _p_of_pairs(
    each: EachBlock, sample: LabelledSample, judge: Judge, products: Products
) -> Rows | None:
    """Return p (rows,) where images have several labels: one pass. Else None.

    Scoring can compute any other p again, but this one takes the class relations.
    """
    if not sample.several_labels:
        return None
    p = partial(judge.consistency, products=products, relations=judge.relations)
    return np.concatenate(list(each(p)))
