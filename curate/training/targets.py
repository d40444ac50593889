"""The target of each row: its label, as far as it is trusted, and the classes that fit best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.crawl.stored_blocks import StoredBlocks
from prototypes import method
from prototypes.engine.blocks import Floats, Labels, unit_rows
from prototypes.engine.neighbours import nearest_prototypes
from prototypes.engine.softmax import log_sum_exp
from prototypes.fit.prior import NO_PRIOR
from prototypes.fit.space import AdaptedSpace

SUGGESTIONS = 3
"""k of the adaptive label smoothing."""
NOISE = (0.02, 0.6)
"""Bounds of the estimated share of wrong labels."""


@dataclass(frozen=True)
class Targets:
    """Shares of a few classes for each of N rows, and the rows' weights in the loss.

    Deviates from SINet, whose loss (Eq. 7) has the weights of Eq. 6: here a doubtful label gives
    its share to other classes instead, and its row keeps its weight. `examples/train_sinet.py
    --refresh` trains with the weights of Eq. 6.
    """

    classes: NDArray[np.int32]
    """(N, 1 + m): the given label, then suggestions; one that repeats the label has share 0."""
    shares: NDArray[np.float32]
    """(N, 1 + m): each row sums to 1."""
    weights: NDArray[np.float32]
    """(N,), 1, or 0 for rows that cannot be judged."""


def given_targets(labels: NDArray[np.int32]) -> Targets:
    """Trust every label (N,)."""
    ones = np.ones(len(labels), np.float32)
    return Targets(labels[:, None], ones[:, None], ones)


def refreshed_targets(blocks: StoredBlocks, classes: int) -> Targets:
    """Judge the labels with SINet on the network's current features.

    SINet's adaptive label smoothing: a label's share is the probability that it is right; the rest
    goes to the k other classes that fit best, in proportion to the softmax over classes. There is
    no class relation graph in it, so that a change of graph requires no new training.
    """
    space = method.fit_space(blocks, classes)
    each = method.adapted(blocks, space)
    prototypes = method.fit_prototypes(each, classes, space=space)
    noise = float(np.clip(prototypes.prior.share.estimate, *NOISE))
    judge = _Judge(space, replace(prototypes, prior=NO_PRIOR))
    return _joined(list(each(partial(judge.targets, noise=noise))))


def share_right(quality: Floats, noise: float, others: int) -> NDArray[np.float32]:
    """Return the probability (n,) that a label of this quality is right.

    ``noise`` is the share of wrong labels; quality is the probability of the label among labels
    as they are given. By Bayes' rule, where a wrong label is any of ``others`` classes with equal
    probability. Even an unlikely label is more often right than not, because there are more right
    labels than wrong ones.
    """
    right = (1 - noise) * quality
    wrong = noise * (1 - quality) / others
    return np.asarray(right / (right + wrong), np.float32)


@dataclass(frozen=True)
class _Judge:
    space: AdaptedSpace
    prototypes: method.Prototypes

    def targets(self, g: NDArray[np.float32], labels: Labels, noise: float) -> Targets:
        """Give the targets of a block."""
        scores = method.score_block(g, labels, self.space, self.prototypes)
        others = min(SUGGESTIONS, len(self.prototypes.v) - 1)
        right = share_right(np.nan_to_num(scores.label.quality), noise, others)[:, None]
        suggested, likely = self._suggestions(g, labels)
        return Targets(
            np.hstack([labels[:, None], suggested]).astype(np.int32),
            np.hstack([right, (1 - right) * likely]).astype(np.float32),
            (labels >= 0).astype(np.float32),
        )

    def _suggestions(
        self, g: NDArray[np.float32], labels: Labels
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the m = k + 1 best classes (n, m), and their proportions: 0 for the given label."""
        k = min(SUGGESTIONS + 1, len(self.prototypes.v))
        cosines, classes = nearest_prototypes(g, unit_rows(self.prototypes.v), k)
        other = np.where(classes == labels[:, None], np.float32(-np.inf), cosines)
        logits = other / np.float32(self.prototypes.tau)
        return classes, np.exp(logits - log_sum_exp(logits.copy())[:, None])


def _joined(parts: Sequence[Targets]) -> Targets:
    """Put blocks together; rows without a label get class 0 and weight 0."""
    return Targets(
        np.maximum(np.concatenate([part.classes for part in parts]), 0),
        np.concatenate([part.shares for part in parts]),
        np.concatenate([part.weights for part in parts]),
    )
