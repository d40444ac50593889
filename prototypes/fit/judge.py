"""Eq. 4 fitted to a crawl in one or several rounds; it gives the weights of rows in Eq. 5."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.moments import Weigh
from prototypes.engine.products import HOST, Products
from prototypes.fit.consistency import Consistency, l2_targets, targets
from prototypes.fit.crawl_rows import CrawlRows
from prototypes.fit.initial import Initial
from prototypes.fit.relations import Relations, relations_of
from prototypes.fit.rounds import CrossFitted, fold_prototypes
from prototypes.fit.temperature import label_temperature, relation_temperature
from prototypes.options import L2, WEIGHTED, Options

Rows = NDArray[np.float32]
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Judge:
    """Eq. 4, and the weights that follow from it."""

    consistency: Consistency
    relations: Relations
    """S_t, with the prototypes that consistency is computed from."""
    weigh: Weigh
    """Gives the weight of each row in the prototype of its class."""


def fit_judge(
    rows: CrawlRows,
    initial: Initial,
    graph: Matrix | None,
    options: Options,
    products: Products = HOST,
) -> Judge:
    """Fit Eq. 4: one pass over the rows for every round after the first.

    With constant prototypes the candidates have weight 1 and no other row counts (SINet Table 3:
    the plain mean of the candidates); there is only one round.
    """
    judge = _judge_by(initial.prototypes, graph, initial, options, products)
    if options.prototypes != WEIGHTED:
        return replace(judge, weigh=initial.chosen.weigh)
    for _ in range(options.rounds - 1):
        found = fold_prototypes(rows.each, judge.weigh, initial.prototypes, rows.verified.join)
        judge = _judge_again(found, graph, initial, options, products)
    return judge


def _judge_again(
    found: Rows, graph: Matrix | None, initial: Initial, options: Options, products: Products
) -> Judge:
    """Fit Eq. 4 to the prototypes of the last round (FOLDS + 1, C, d), see `fold_prototypes`.

    The rows of each fold are weighted by the prototypes of the other folds, at the same
    temperatures.
    """
    judge = _judge_by(found[-1], graph, initial, options, products)
    fitted = judge.consistency
    same = replace(options, tau_v=fitted.tau_v, tau_t=fitted.tau_t)
    folds = [_judge_by(P, graph, initial, same, products).weigh for P in found[:-1]]
    return replace(judge, weigh=CrossFitted(tuple(folds)))


def _judge_by(
    P: Rows, graph: Matrix | None, initial: Initial, options: Options, products: Products
) -> Judge:
    relations = relations_of(graph, P)
    consistency = _fit_consistency(relations, initial, options)
    weigh: Weigh = partial(consistency, products=products, relations=relations)
    return Judge(consistency, relations, weigh)


def _fit_consistency(relations: Relations, initial: Initial, options: Options) -> Consistency:
    if options.psi == L2:
        tau_v = tau_t = 1.0
        expected = l2_targets(relations)
    else:
        tau_v = options.tau_v or label_temperature(initial.sample, relations.initial)
        tau_t = options.tau_t or relation_temperature(initial.reliable, relations, tau_v)
        expected = targets(relations, tau_t)
    return Consistency(
        relations.initial, expected, options.psi, tau_v, tau_t, options.epsilon, options.gamma
    )
