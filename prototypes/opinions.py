"""How much the class texts and the captions weigh beside the prototypes, and scores with both."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Floats, Labels, unit_rows
from prototypes.evidence import ClassTexts, Evidence, limited
from prototypes.method import Prototypes, Scores, score_block
from prototypes.moments import counted
from prototypes.pooling import calibrate, pool
from prototypes.softmax import nearest_of_class
from prototypes.space import AdaptedSpace

Rows = NDArray[np.float32]
Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class OpinionSample:
    """Some rows with all that is known of them; two samples add up to a longer one."""

    features: Floats
    """(m, D)"""
    labels: Labels
    """(m,), all ≥ 0"""
    agreement: Rows
    """(m,): of the caption with the label; NaN where there is none."""

    def __add__(self, other: "OpinionSample") -> "OpinionSample":
        """Append the sample of the next block."""
        return OpinionSample(
            np.concatenate([self.features, other.features]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.agreement, other.agreement]),
        )


def sample_opinions(block: OpinionSample, classes: int, stride: int) -> OpinionSample:
    """Take every ``stride``-th counted row of a block."""
    kept = np.flatnonzero(counted(block.features, block.labels, classes))[::stride]
    return OpinionSample(block.features[kept], block.labels[kept], block.agreement[kept])


@dataclass(frozen=True)
class Opinions:
    """Weights of what is said of a label beside the prototypes; 0 for what is worth nothing."""

    prototypes: float
    """Weight of the cosines to the prototypes: the temperature is divided by it."""
    zero_shot: float
    """Weight of the class texts' log p."""
    agreement: float
    """Logits that a standard deviation of caption agreement adds."""
    mean: Rows
    """(E,): the mean image, in the class texts' space."""


NO_OPINIONS = Opinions(1.0, 0.0, 0.0, np.zeros(0, np.float32))


def fit_opinions(
    sample: OpinionSample,
    space: AdaptedSpace,
    prototypes: Prototypes,
    texts: ClassTexts | None,
    graph: Matrix | None = None,
) -> Opinions:
    """Find out without truth what class texts and captions are worth (see `pool`).

    The class texts must help to foretell the given labels. A caption is compared with the given
    label only, so its agreement must help to foretell something else: whether the image is
    nearest to the given class, by all but captions.
    """
    opinions = NO_OPINIONS
    if not len(sample.labels):
        return opinions
    g = space.transform(sample.features)
    cosines = nearest_of_class(g @ unit_rows(prototypes.v).T, prototypes.per_class)
    cosines[np.arange(len(cosines)), sample.labels] -= space.self_influence[sample.labels]
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
    x, labels, agreement = sample.features[has], sample.labels[has], sample.agreement[has]
    blank = np.full(len(labels), np.nan, np.float32)
    seen = score_opinions(x, labels, blank, space, prototypes, texts, opinions, graph).label
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
    features: Floats,
    labels: Labels,
    agreement: Rows,
    space: AdaptedSpace,
    prototypes: Prototypes,
    texts: ClassTexts | None,
    opinions: Opinions,
    graph: Matrix | None = None,
) -> Scores:
    """Score a block of features x (n, D) whose captions agree with the labels so much (n,)."""
    temperature = prototypes.tau / opinions.prototypes
    scale = np.float32(temperature * opinions.zero_shot)
    rows = np.zeros((len(labels), 0), np.float32)
    classes = np.zeros((len(space.self_influence), 0), np.float32)
    if texts is not None and opinions.zero_shot > 0:
        rows, classes = texts.prior(features, opinions.mean)
    own = limited(agreement) * np.float32(temperature * opinions.agreement)
    return score_block(
        features,
        labels,
        space,
        replace(prototypes, tau=temperature),
        graph,
        Evidence(own, rows * scale, classes),
    )
