"""Consistency of an image with its label, by what is known of the classes: SINet Eq. 4."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.blocks import Labels, tiles, unit_rows
from prototypes.moments import counted
from prototypes.pairs import own_labels
from prototypes.products import HOST, Products
from prototypes.relations import TILE_CLASSES, Relations
from prototypes.softmax import log_softmax

SOFTMAX, L2 = "softmax", "l2"
PSI = (SOFTMAX, L2)
"""What ψ of Eq. 4 can be."""


@dataclass(frozen=True)
class Targets:
    """What images of each class should look like: t_c = ψ(s_t[c]), in the form Eq. 4 needs."""

    mixture: NDArray[np.float32]
    """(C, d): q_c = Σ_j t_cj P_j."""
    constant: NDArray[np.float32]
    """(C,): the part of the KL that no image changes; for the softmax Σ_j t_cj log t_cj, else 1."""


def targets(relations: Relations, temperature: float) -> Targets:
    """Turn relations into targets over the initial prototypes, a tile of classes at a time."""
    initial = relations.initial
    mixture, constant = np.empty_like(initial), np.empty(len(initial), np.float32)
    for part in tiles(len(initial), TILE_CLASSES):
        log_t = log_softmax(relations.rows(part) / temperature)
        t = np.exp(log_t)
        mixture[part] = t @ initial
        constant[part] = (t * log_t).sum(axis=1)
    return Targets(mixture, constant)


def l2_targets(relations: Relations) -> Targets:
    """Turn relations into targets for ψ(s) = s / ‖s‖, a tile of classes at a time."""
    initial = relations.initial
    parts = [
        unit_rows(relations.rows(part)) @ initial for part in tiles(len(initial), TILE_CLASSES)
    ]
    return Targets(np.vstack(parts), np.ones(len(initial), np.float32))


def divergence(
    g: NDArray[np.float32],
    labels: Labels,
    initial: NDArray[np.float32],
    expected: Targets,
    temperature: float,
    products: Products = HOST,
) -> NDArray[np.float32]:
    """Return KL(ψ(s_t[y]) ‖ ψ(s_v)) of rows g (n, d) with labels y ≥ 0: (n,), nats.

    With s_v the cosines to the initial prototypes, KL = Σ_j t_yj log t_yj − g·q_y / τ_v
    + log Σ_j exp(g·P_j / τ_v): only the last term needs all the products, in tiles.
    """
    meant = np.einsum("ij,ij->i", g, expected.mixture[labels]) / np.float32(temperature)
    kl = expected.constant[labels] - meant + products.log_partition(g, initial, temperature)
    return np.asarray(np.maximum(kl, 0), np.float32)


def l2_divergence(
    g: NDArray[np.float32], labels: Labels, initial: NDArray[np.float32], expected: Targets
) -> NDArray[np.float32]:
    """Return 1 − cos(s_t[y], s_v) of rows g (n, d) with labels y ≥ 0: (n,), in [0, 2].

    SINet says that ψ may be the L2 norm, but s / ‖s‖ is no distribution: it does not sum to one,
    and cosines can be negative. Deviates: ψ(s) is read as the mean direction of a von
    Mises-Fisher distribution over directions. The KL of two of them that are equally
    concentrated, κ, is κ A(κ) (1 − cos of their means); the factor is taken as 1, since any
    other is the same as another ε. As s_v = P g, cos = g·q_y / ‖P g‖ with q_c = Pᵀ ψ(s_t[c]):
    no N×C products at all.
    """
    meant = np.einsum("ij,ij->i", g, expected.mixture[labels])
    length = np.sqrt(np.maximum(np.einsum("ij,ij->i", g @ (initial.T @ initial), g), 0))
    cosine = meant / np.where(length > 0, length, 1)
    return np.asarray(np.clip(expected.constant[labels] - cosine, 0, 2), np.float32)


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
    psi: str
    """One of PSI."""
    tau_v: float
    """Temperature of ψ(s_v), where that is a softmax."""
    tau_t: float
    """Temperature of ψ(s_t), where that is a softmax."""
    epsilon: float
    gamma: float

    def __call__(
        self, g: NDArray[np.float32], labels: Labels, products: Products = HOST
    ) -> NDArray[np.float32]:
        """Return p (n,) of rows g (n, d); NaN for a row without label or features."""
        p = np.full(len(g), np.nan, np.float32)
        labels = own_labels(labels)
        known = counted(g, labels, len(self.initial))
        if known.all():
            kl = self._divergence(g, labels, products)
            return consistency(kl, self.epsilon, self.gamma)
        kl = self._divergence(g[known], labels[known], products)
        p[known] = consistency(kl, self.epsilon, self.gamma)
        return p

    def _divergence(
        self, g: NDArray[np.float32], labels: Labels, products: Products
    ) -> NDArray[np.float32]:
        if self.psi == L2:
            return l2_divergence(g, labels, self.initial, self.expected)
        return divergence(g, labels, self.initial, self.expected, self.tau_v, products)
