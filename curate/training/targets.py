"""What each row is trained towards: its label to the degree that it is trusted, else what fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.steps.blocks import StoredBlocks
from prototypes import method
from prototypes.blocks import Floats, Labels, unit_rows
from prototypes.neighbours import nearest_prototypes
from prototypes.softmax import log_sum_exp
from prototypes.space import AdaptedSpace
from prototypes.weights import sample_weight

SUGGESTIONS = 3
"""k of the adaptive label smoothing."""


@dataclass(frozen=True)
class Targets:
    """Shares of a few classes for each of N rows, and the rows' weights in the loss (Eq. 7)."""

    classes: NDArray[np.int32]
    """(N, 1 + k): the given label, then suggestions; a class may come twice."""
    shares: NDArray[np.float32]
    """(N, 1 + k), each row's sum is 1."""
    weights: NDArray[np.float32]
    """(N,), mean 1 over labelled rows."""


def given_targets(labels: NDArray[np.int32]) -> Targets:
    """Trust every label (N,)."""
    ones = np.ones(len(labels), np.float32)
    return Targets(labels[:, None], ones[:, None], ones)


def refreshed_targets(blocks: StoredBlocks, classes: int) -> Targets:
    """Judge the labels by the method on the network's present features.

    SINet's adaptive label smoothing: a label keeps the share that is its quality, the rest goes to
    the k classes that fit best, in the proportions of the softmax over classes. Without a class
    relation graph, so that another graph does not ask for another training.
    """
    space = method.fit_space(blocks, classes)
    prototypes = method.fit_prototypes(method.adapted(blocks, space), classes)
    parts = list(blocks(partial(_judged, space=space, prototypes=prototypes)))
    return _joined(parts)


def _judged(
    features: Floats, labels: Labels, space: AdaptedSpace, prototypes: method.Prototypes
) -> Targets:
    scores = method.score_block(features, labels, space, prototypes)
    quality = np.nan_to_num(scores.label.quality)[:, None]
    k = min(SUGGESTIONS, len(prototypes.v))
    cosines, suggested = nearest_prototypes(space.transform(features), unit_rows(prototypes.v), k)
    logits = cosines / np.float32(prototypes.tau)
    likely = np.exp(logits - log_sum_exp(logits.copy())[:, None])
    return Targets(
        np.hstack([labels[:, None], suggested]).astype(np.int32),
        np.hstack([quality, (1 - quality) * likely]).astype(np.float32),
        sample_weight(scores.label.distance),
    )


def _joined(parts: Sequence[Targets]) -> Targets:
    weights = np.concatenate([part.weights for part in parts])
    classes = np.concatenate([part.classes for part in parts])
    labelled = classes[:, 0] >= 0
    weights = np.where(labelled, weights / max(weights[labelled].mean(), 1e-6), 0)
    return Targets(
        np.maximum(classes, 0),
        np.concatenate([part.shares for part in parts]),
        weights.astype(np.float32),
    )
