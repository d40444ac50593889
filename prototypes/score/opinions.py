"""Weights of class texts and captions beside the prototypes, and scores with them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import Floats, Labels, unit_rows
from prototypes.engine.moments import counted
from prototypes.engine.products import HOST, Products
from prototypes.engine.softmax import nearest_of_class
from prototypes.fit.prototypes import Prototypes
from prototypes.fit.space import AdaptedSpace
from prototypes.score.evidence import ClassTexts, Evidence, limited
from prototypes.score.pooling import calibrate, pool
from prototypes.score.scores import Scores, score_block

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class OpinionSample:
    """Some rows with all evidence on their labels; two samples can be joined by +."""

    g: Rows
    """(m, d)"""
    features: Floats
    """(m, D), or (m, 0) without class texts in the same space."""
    labels: Labels
    """(m,), all ≥ 0"""
    agreement: Rows
    """(m,): agreement of the caption with the label; NaN without a caption."""

    def __add__(self, other: "OpinionSample") -> "OpinionSample":
        """Append the sample of the next block."""
        return OpinionSample(
            np.concatenate([self.g, other.g]),
            np.concatenate([self.features, other.features]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.agreement, other.agreement]),
        )


def sample_opinions(block: OpinionSample, classes: int, stride: int) -> OpinionSample:
    """Take every ``stride``-th counted row of a block."""
    kept = np.flatnonzero(counted(block.g, block.labels, classes))[::stride]
    return OpinionSample(
        block.g[kept], block.features[kept], block.labels[kept], block.agreement[kept]
    )


@dataclass(frozen=True)
class Opinions:
    """Weights of the evidence on a label; 0 for evidence that does not help."""

    prototypes: float
    """Weight of the cosines to the prototypes; divides the temperature."""
    zero_shot: float
    """Weight of the class texts' log p."""
    agreement: float
    """Added to the logit for each standard deviation of caption agreement."""
    mean: Rows
    """(E,): the mean image, in the space of the class texts."""


NO_OPINIONS = Opinions(1.0, 0.0, 0.0, np.zeros(0, np.float32))


def fit_opinions(
    sample: OpinionSample,
    space: AdaptedSpace,
    prototypes: Prototypes,
    texts: ClassTexts | None,
) -> Opinions:
    """Fit the weights of class texts and captions, without true labels (see `pool`).

    Class texts get a weight if they help to predict the given labels. A caption is compared only
    with the given label, so its agreement has to help to predict something else: whether the image
    is nearest to the given class by everything except captions.
    """
    opinions = NO_OPINIONS
    if not len(sample.labels):
        return opinions
    cosines = nearest_of_class(sample.g @ unit_rows(prototypes.v).T, prototypes.per_class)
    cosines[np.arange(len(cosines)), sample.labels] -= space.self_influence[sample.labels]
    mask_absent(cosines, absent_classes(prototypes.v, prototypes.per_class))
    logits = cosines / np.float32(prototypes.tau)
    if texts is not None:
        mean = texts.images(sample.features).mean(axis=0)
        prior, classes = texts.prior(sample.features, mean)
        found = pool(logits, prior @ classes.T, sample.labels)
        if found.second > 0:
            opinions = Opinions(found.first, found.second, 0.0, mean)
    has = ~np.isnan(sample.agreement)
    if not has.any():
        return opinions
    labels, agreement = sample.labels[has], sample.agreement[has]
    blank = np.full(len(labels), np.nan, np.float32)
    silent = OpinionSample(sample.g[has], sample.features[has], labels, blank)
    seen = score_opinions(silent, space, prototypes, texts, opinions).label
    nearest = (seen.suggested == labels).astype(np.int64)
    share = np.clip(nearest.mean(), 0.01, 0.99)
    usual, captions = np.zeros((2, len(labels), 2))
    usual[:, 1] = np.log(share / (1 - share))
    captions[:, 1] = limited(agreement)
    found = pool(usual, captions, nearest)
    if not found.second > 0:
        return opinions
    return replace(
        opinions,
        prototypes=opinions.prototypes if opinions.zero_shot else calibrate(logits, sample.labels),
        agreement=found.second,
    )


def score_opinions(
    block: OpinionSample,
    space: AdaptedSpace,
    prototypes: Prototypes,
    texts: ClassTexts | None,
    opinions: Opinions,
    p: Rows | None = None,
    products: Products = HOST,
) -> Scores:
    """Score a block of rows; ``p`` (n,) as in `score_block`."""
    temperature = prototypes.tau / opinions.prototypes
    scale = np.float32(temperature * opinions.zero_shot)
    rows = np.zeros((len(block.labels), 0), np.float32)
    classes = np.zeros((len(space.self_influence), 0), np.float32)
    if texts is not None and opinions.zero_shot > 0:
        rows, classes = texts.prior(block.features, opinions.mean)
    own = limited(block.agreement) * np.float32(temperature * opinions.agreement)
    evidence = Evidence(own, rows * scale, classes)
    prototypes = replace(prototypes, tau=temperature)
    return score_block(block.g, block.labels, space, prototypes, p, evidence, products)
