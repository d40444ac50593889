"""HOC: the noise of labels from what neighbours were given (Zhu, Song & Liu 2021, Algorithm 1).

Where an image and its two nearest neighbours are of one true class, the labels that the three were
given are independent draws of the same row of T. How often one, two and three given labels occur
together then tells T and p (2102.05291, Eq. 3 to 5):

    c1[j] = Σ_i p_i T_ij,   c2[j, k] = Σ_i p_i T_ij T_ik,   c3[j, k, l] = Σ_i p_i T_ij T_ik T_il.

Notation: T_ij = p(given j | true i), rows sum to 1; p_i = p(true i). Every true class is a given
one, so an image of none of the classes counts to one of them.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.methods.knn import nearest_others
from curate.errors import CurateError

STEPS, RATE = 1500, 0.1
"""Of Adam, as in the authors' public code; so are SURE and the sum of norms."""
SURE = 5.0
"""T starts as the softmax of this on the diagonal: most labels are right."""
MOST_CLASSES = 300
"""c3 of more does not fit the memory of a small machine."""


@dataclass(frozen=True)
class Consensus:
    """How often given labels occur together; each sums to 1."""

    one: NDArray[np.float32]
    """(C,): of an image."""
    two: NDArray[np.float32]
    """(C, C): of an image and its nearest neighbour."""
    three: NDArray[np.float32]
    """(C, C, C): of an image and its two nearest neighbours."""


@dataclass(frozen=True)
class Transition:
    """An estimated noise transition matrix."""

    given_by_true: NDArray[np.float64]
    """T (C, C)"""
    true: NDArray[np.float64]
    """p (C,)"""

    @property
    def noise(self) -> float:
        """Share of wrong labels."""
        return float(1 - self.true @ np.diag(self.given_by_true))

    @property
    def right(self) -> NDArray[np.float64]:
        """p(true c | given c) (C,): the share of right labels in each given class."""
        joint = self.true[:, None] * self.given_by_true
        return np.asarray(np.diag(joint) / np.maximum(joint.sum(axis=0), np.finfo(float).tiny))


def estimate(features: NDArray[np.float32], labels: NDArray[np.int64], classes: int) -> Transition:
    """Estimate T and p from unit features (n, D) and given labels (n,).

    Deviates: neighbours are searched among all rows once, not among 15,000 drawn again and again.
    Raises CurateError for more than MOST_CLASSES.
    """
    if classes > MOST_CLASSES:
        raise CurateError(
            f"HOC counts triples of labels, too many of {classes:,} classes; leave it out with"
            " --method."
        )
    _, neighbours = nearest_others(features, 2)
    return solve(consensus(np.column_stack([labels, labels[neighbours]]), classes))


def consensus(triples: NDArray[np.int64], classes: int) -> Consensus:
    """Count the labels of images and of their first and second neighbour: (n, 3)."""
    shares = [
        np.bincount(
            np.ravel_multi_index(tuple(triples[:, :order].T), (classes,) * order),
            minlength=classes**order,
        ).reshape((classes,) * order)
        / len(triples)
        for order in (1, 2, 3)
    ]
    return Consensus(*(share.astype(np.float32) for share in shares))


def solve(seen: Consensus) -> Transition:
    """Find T and p whose c1, c2 and c3 are closest to what was seen, by Adam: Σ_v ‖ĉv − cv‖."""
    classes = len(seen.one)
    observed = [torch.from_numpy(share) for share in (seen.one, seen.two, seen.three)]
    t = (SURE * torch.eye(classes) - 1).requires_grad_()
    p = torch.zeros(classes, requires_grad=True)
    adam = torch.optim.Adam([t, p], lr=RATE)
    least, best = torch.inf, (t.detach().clone(), p.detach().clone())
    for _ in range(STEPS):
        loss = sum(
            torch.linalg.vector_norm(found - share)
            for found, share in zip(expected(t.softmax(1), p.softmax(0)), observed, strict=True)
        )
        assert isinstance(loss, torch.Tensor)
        if loss.item() < least:
            least, best = loss.item(), (t.detach().clone(), p.detach().clone())
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
    return Transition(best[0].double().softmax(1).numpy(), best[1].double().softmax(0).numpy())


def expected(t: torch.Tensor, p: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return c1 (C,), c2 (C, C) and c3 (C, C, C) of T (C, C) and p (C,)."""
    classes = len(p)
    joint = (p[:, None] * t).T
    pairs = (t[:, :, None] * t[:, None, :]).reshape(classes, -1)
    return p @ t, joint @ t, (joint @ pairs).reshape(classes, classes, classes)
