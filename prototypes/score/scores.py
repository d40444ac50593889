"""Scores of a block of rows: consistency (Eq. 4) and the quality of labels."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Labels
from prototypes.engine.moments import Weigh
from prototypes.engine.pairs import own_labels
from prototypes.engine.products import HOST, Products
from prototypes.fit.prevalence import levelled_distance
from prototypes.fit.prototypes import Prototypes
from prototypes.fit.space import AdaptedSpace
from prototypes.score.evidence import Evidence, with_level
from prototypes.score.quality import LabelQuality, label_quality

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Scores:
    """Scores of n rows."""

    consistency: Rows
    """(n,): p of Eq. 4; NaN where a label is not judged."""
    label: LabelQuality


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

    ``p`` (n,) is their consistency if it is known, NaN where it is not; ``evidence`` is added to
    the cosines.
    """
    v, tau, influence = prototypes.v, prototypes.tau, space.self_influence
    p = _completed(p, g, labels, partial(prototypes.consistency, products=products))
    own, unknown = own_labels(labels), prototypes.little_known
    weight = p if prototypes.weighted else prototypes.chosen.weigh(g, labels)
    if prototypes.level.any():
        evidence = with_level(evidence, prototypes.level, len(g))
    label = label_quality(
        g, labels, v, tau, influence, prototypes.confusion, evidence, products, unknown,
        prototypes.prior,
    )  # fmt: skip
    distance = prototypes.left_out.distance(label.distance, weight, own)
    if prototypes.level.any():
        distance = levelled_distance(distance, v[own * prototypes.per_class], prototypes.level[own])
    p = np.where(np.isin(own, unknown), np.float32(np.nan), p)
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
