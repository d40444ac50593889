"""Weights made again from what networks see of a crawl while they learn: SINet's loop."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.weighted.work import Work
from prototypes import method
from prototypes.engine.blocks import EachBlock, Floats, Labels, tiles, unit_rows
from prototypes.engine.moments import counted
from prototypes.score.weights import mean_weight, sample_weight

FEWEST_ROWS, FEWEST_CLASSES = 2, 2
"""Labels are judged against each other."""

T = TypeVar("T")


def refreshed_weights(
    work: Work, rows: NDArray[np.int64], logits: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Weigh rows (n,) of a weighted crawl again by the logits (n, K) of networks: SINet Eq. 4 to 6.

    The logits stand beside the features that the crawl was weighed by, each of unit length, and the
    space and the prototypes are fitted to both, with the run's class relations, α and β. They must
    be **cross-fitted**: those of a row come from a network that was not trained on that row, or a
    network confirms the wrong labels that it has learned by heart. Deviates from the paper, which
    takes the last layer's features of the one network that it trains: the axes of two networks'
    features differ, their logits mean the same. Verified rows count by their given labels. Raises
    CurateError for lists of labels, and where fewer than two classes have two rows.
    """
    labels = work.labels_of(rows)
    if labels.shape[1] > 1:
        raise CurateError(
            "weights are refreshed for crawls with one label for each image, and this one has lists"
            " of labels; train with the weights that `curate weight` wrote."
        )
    own = np.asarray(labels[:, 0], np.int32)
    if (np.bincount(own[own >= 0]) >= FEWEST_ROWS).sum() < FEWEST_CLASSES:
        raise CurateError(
            "fewer than two classes have two rows each, and labels are judged against each other;"
            " refresh the weights of more rows."
        )
    features, _ = work.features_of(rows)
    return cross_fitted_weights(
        features, logits, own, len(work.classes), work.relations, work.alpha, work.beta
    )


def cross_fitted_weights(
    features: Floats,
    logits: NDArray[np.float32],
    labels: Labels,
    classes: int,
    relations: NDArray[np.float32] | None,
    alpha: float,
    beta: float,
) -> NDArray[np.float32]:
    """Return the weights (n,) of Eq. 6 by unit features (n, D) and cross-fitted logits (n, K).

    A label that cannot be judged weighs the mean of those that can.
    """
    seen = unit_rows(logits - logits.mean(axis=1, keepdims=True))
    x = np.hstack([features.astype(np.float32), seen])
    each = _in_blocks(x, labels)
    space = method.fit_space(each, classes)
    adapted = method.adapted(each, space)
    prototypes = method.fit_prototypes(adapted, classes, relations, space=space)
    score = partial(method.score_block, space=space, prototypes=prototypes)
    distance = np.concatenate([scores.label.distance for scores in adapted(score)])
    unjudged = np.isnan(distance) & counted(features, labels, classes)
    usual = np.float32(mean_weight([distance], alpha, beta))
    return np.where(unjudged, usual, sample_weight(distance, alpha, beta))


def _in_blocks(x: NDArray[np.float32], labels: Labels) -> EachBlock:
    """Cut arrays (n, D) and (n,) into blocks."""

    def each(fn: Callable[..., T], /, *beside: Iterable[Any]) -> Iterator[T]:
        for part, *known in zip(tiles(len(labels)), *beside, strict=True):
            yield fn(x[part], labels[part], *known)

    return each
