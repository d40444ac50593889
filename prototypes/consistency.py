"""Consistency of an image with its label, by what is known of the classes: SINet Eq. 4."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Labels, tiles
from prototypes.moments import counted
from prototypes.pairs import own_labels
from prototypes.relations import TILE_CLASSES, Relations
from prototypes.softmax import log_partition, log_softmax


@dataclass(frozen=True)
class Targets:
    """What images of each class should look like: t_c = ψ(s_t[c]), in the form Eq. 4 needs."""

    mixture: NDArray[np.float32]
    """(C, d): q_c = Σ_j t_cj P_j."""
    negentropy: NDArray[np.float32]
    """(C,): Σ_j t_cj log t_cj."""


def targets(relations: Relations, temperature: float) -> Targets:
    """Turn relations into targets over the initial prototypes, a tile of classes at a time."""
    initial = relations.initial
    mixture, negentropy = np.empty_like(initial), np.empty(len(initial), np.float32)
    for part in tiles(len(initial), TILE_CLASSES):
        log_t = log_softmax(relations.rows(part) / temperature)
        t = np.exp(log_t)
        mixture[part] = t @ initial
        negentropy[part] = (t * log_t).sum(axis=1)
    return Targets(mixture, negentropy)


def divergence(
    g: NDArray[np.float32],
    labels: Labels,
    initial: NDArray[np.float32],
    expected: Targets,
    temperature: float,
) -> NDArray[np.float32]:
    """Return KL(ψ(s_t[y]) ‖ ψ(s_v)) of rows g (n, d) with labels y ≥ 0: (n,), nats.

    With s_v the cosines to the initial prototypes, KL = Σ_j t_yj log t_yj − g·q_y / τ_v
    + log Σ_j exp(g·P_j / τ_v): only the last term needs all the products, in tiles.
    """
    meant = np.einsum("ij,ij->i", g, expected.mixture[labels]) / np.float32(temperature)
    kl = expected.negentropy[labels] - meant + log_partition(g, initial, temperature)
    return np.asarray(np.maximum(kl, 0), np.float32)


def consistency(
    kl: NDArray[np.float32], epsilon: float = 0.05, gamma: float = 2.0
) -> NDArray[np.float32]:
    """Return p = 1 / (KL + ε)^γ: SINet Eq. 4."""
    return np.asarray((kl + np.float32(epsilon)) ** np.float32(-gamma))


@dataclass(frozen=True)
class Consistency:
    """Eq. 4 with all that was fitted for it."""

    initial: NDArray[np.float32]
    """(C, d): initial prototypes P."""
    expected: Targets
    tau_v: float
    """Temperature of ψ(s_v)."""
    tau_t: float
    """Temperature of ψ(s_t)."""
    epsilon: float
    gamma: float

    def __call__(self, g: NDArray[np.float32], labels: Labels) -> NDArray[np.float32]:
        """Return p (n,) of rows g (n, d); NaN for a row without label or features."""
        p = np.full(len(g), np.nan, np.float32)
        labels = own_labels(labels)
        known = counted(g, labels, len(self.initial))
        kl = divergence(g[known], labels[known], self.initial, self.expected, self.tau_v)
        p[known] = consistency(kl, self.epsilon, self.gamma)
        return p
