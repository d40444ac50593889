"""Consistency of an image with its label, given the class relations: SINet Eq. 4."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import Labels, tiles, unit_rows
from prototypes.engine.moments import counted
from prototypes.engine.pairs import own_labels
from prototypes.engine.products import HOST, Products
from prototypes.engine.softmax import log_sum_exp
from prototypes.fit.relations import TILE_CLASSES, Relations
from prototypes.options import L2, LARGEST_LOG, largest_gamma

LEAST_LEFT = 1e-6
"""Least probability of a target that remains without the other labels of an image."""


@dataclass(frozen=True)
class Targets:
    """What images of each class should look like: t_c = ψ(s_t[c]), in the form for Eq. 4."""

    mixture: NDArray[np.float32]
    """(C, d): q_c = Σ_j t_cj P_j."""
    constant: NDArray[np.float32]
    """(C,): the part of the KL that does not depend on the image: Σ_j t_cj log t_cj for the
    softmax, else 1."""
    scale: NDArray[np.float32]
    """(C,): log Σ_j exp(s_t[c, j] / τ_t) for the softmax, else ‖s_t[c]‖."""


def targets(relations: Relations, temperature: float) -> Targets:
    """Turn relations into targets over the initial prototypes, a tile of classes at a time."""
    initial, absent = relations.initial, absent_classes(relations.initial)
    mixture, (constant, scale) = np.empty_like(initial), np.empty((2, len(initial)), np.float32)
    for part in tiles(len(initial), TILE_CLASSES):
        logits = relations.rows(part) / temperature
        mask_absent(logits, absent)
        scale[part] = log_sum_exp(logits.copy())
        log_t = logits - scale[part, None]
        t = np.exp(log_t)
        mixture[part] = t @ initial
        constant[part] = (t * log_t).sum(axis=1)
    return Targets(mixture, constant, scale)


def l2_targets(relations: Relations) -> Targets:
    """Turn relations into targets for ψ(s) = s / ‖s‖, a tile of classes at a time."""
    initial = relations.initial
    present = initial.any(axis=1)
    parts, lengths = [], []
    for part in tiles(len(initial), TILE_CLASSES):
        rows = relations.rows(part) * present
        parts.append(unit_rows(rows) @ initial)
        lengths.append(np.linalg.norm(rows, axis=1))
    length = np.concatenate(lengths).astype(np.float32)
    return Targets(np.vstack(parts), np.ones(len(initial), np.float32), length)


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
    + log Σ_j exp(g·P_j / τ_v). Only the last term needs all products, computed in tiles.
    """
    meant = np.einsum("ij,ij->i", g, expected.mixture[labels]) / np.float32(temperature)
    kl = expected.constant[labels] - meant + products.log_partition(g, initial, temperature)
    return np.asarray(np.maximum(kl, 0), np.float32)


def divergence_without_others(
    g: NDArray[np.float32],
    labels: Labels,
    relations: Relations,
    expected: Targets,
    temperatures: tuple[float, float],
    products: Products = HOST,
) -> NDArray[np.float32]:
    """Return `divergence` without the other labels of images, for labels (n, 1 + K): (n,), nats.

    The other labels o of an image are not rivals of its own label. With T = Σ_o t_yo, the two
    distributions are over the remaining classes: t_yj / (1 − T), and the softmax of their cosines.
    ``temperatures`` are τ_v and τ_t.
    """
    own, (row, place) = labels[:, 0], np.nonzero(labels[:, 1:] >= 0)
    other, (tau_v, tau_t) = labels[row, 1 + place], temperatures
    log_t = relations.between(own[row], other) / tau_t - expected.scale[own[row]]
    t = np.exp(log_t)
    cosine = np.einsum("ij,ij->i", g[row], relations.initial[other])
    meant = np.einsum("ij,ij->i", g, expected.mixture[own])
    taken = [np.bincount(row, part, len(g)) for part in (t, t * log_t, t * cosine)]
    left = np.maximum(1 - taken[0], LEAST_LEFT)
    entropy = (expected.constant[own] - taken[1]) / left - np.log(left)
    partition = products.log_partition(g, relations.initial, tau_v, labels[:, 1:])
    return np.asarray(np.maximum(entropy - (meant - taken[2]) / left / tau_v + partition, 0))


def l2_divergence(
    g: NDArray[np.float32], labels: Labels, initial: NDArray[np.float32], expected: Targets
) -> NDArray[np.float32]:
    """Return 1 − cos(s_t[y], s_v) of rows g (n, d) with labels y ≥ 0: (n,), in [0, 2].

    SINet says that ψ may be the L2 norm, but s / ‖s‖ is not a distribution: it does not sum to 1,
    and cosines can be negative. Deviates: ψ(s) is read as the mean direction of a von Mises-Fisher
    distribution. The KL of two of these with equal concentration κ is κ A(κ) (1 − cos of their
    means). The factor is set to 1; any other is equivalent to another ε. As s_v = P g, cos = g·q_y
    / ‖P g‖ with q_c = Pᵀ ψ(s_t[c]), which needs no N×C products.
    """
    meant = np.einsum("ij,ij->i", g, expected.mixture[labels])
    cosine = meant / _positive(np.sqrt(_squares(g, initial)))
    return np.asarray(np.clip(expected.constant[labels] - cosine, 0, 2), np.float32)


def l2_divergence_without_others(
    g: NDArray[np.float32], labels: Labels, relations: Relations, expected: Targets
) -> NDArray[np.float32]:
    """Return `l2_divergence` without other labels of images, for labels (n, 1 + K): (n,)."""
    own, (row, place) = labels[:, 0], np.nonzero(labels[:, 1:] >= 0)
    other, scale = labels[row, 1 + place], expected.scale[own]
    related = relations.between(own[row], other)
    cosine = np.einsum("ij,ij->i", g[row], relations.initial[other])
    meant = np.einsum("ij,ij->i", g, expected.mixture[own]) * scale
    taken = [np.bincount(row, p, len(g)) for p in (related * cosine, cosine**2, related**2)]
    looks = np.maximum(_squares(g, relations.initial) - taken[1], 0)
    meant, length = meant - taken[0], np.maximum(scale**2 - taken[2], 0)
    return np.asarray(np.clip(1 - meant / _positive(np.sqrt(looks * length)), 0, 2), np.float32)


def _squares(g: NDArray[np.float32], initial: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ‖P g‖² (n,)."""
    return np.asarray(np.maximum(np.einsum("ij,ij->i", g @ (initial.T @ initial), g), 0))


def _positive(lengths: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.where(lengths > 0, lengths, 1)


def consistency(
    kl: NDArray[np.float32], epsilon: float = 0.05, gamma: float = 2.0
) -> NDArray[np.float32]:
    """Return p = 1 / (KL + ε)^γ (SINet Eq. 4), at least the smallest p that float32 sums hold.

    Raises ValueError if p could be larger than a float32 holds.
    """
    if gamma > largest_gamma(epsilon):
        raise ValueError(
            f"ε is {epsilon} and γ is {gamma}: p is up to ε^−γ, more than a float32 holds; "
            f"use a γ of at most {largest_gamma(epsilon):.3g}."
        )
    p = (kl + np.float32(epsilon)) ** np.float32(-gamma)
    return np.asarray(np.maximum(p, np.float32(np.exp(-LARGEST_LOG))))


@dataclass(frozen=True)
class Consistency:
    """Eq. 4 with everything that was fitted for it."""

    initial: NDArray[np.float32]
    """(C, d): initial prototypes P."""
    expected: Targets
    psi: str
    """`options.SOFTMAX` or `options.L2`."""
    tau_v: float
    """Temperature of ψ(s_v), if ψ is a softmax."""
    tau_t: float
    """Temperature of ψ(s_t), if ψ is a softmax."""
    epsilon: float
    gamma: float

    def __call__(
        self,
        g: NDArray[np.float32],
        labels: Labels,
        products: Products = HOST,
        relations: Relations | None = None,
    ) -> NDArray[np.float32]:
        """Return p (n,) of rows g (n, d); NaN for a row without label or features.

        Images with several labels (n, 1 + K) need the ``relations`` that this was fitted to; raises
        ValueError without them.
        """
        p = np.full(len(g), np.nan, np.float32)
        counts = counted(g, labels, len(self.initial))
        known = slice(None) if counts.all() else counts
        if labels.ndim == 1 or not (labels[:, 1:] >= 0).any():
            kl = self._divergence(g[known], own_labels(labels)[known], products)
        elif relations is None:
            raise ValueError(
                "Consistency of images with several labels needs the class relations: use the p "
                "that `fit_prototypes` returns."
            )
        else:
            kl = self._without_others(g[known], labels[known], products, relations)
        p[known] = consistency(kl, self.epsilon, self.gamma)
        return p

    def _divergence(
        self, g: NDArray[np.float32], labels: Labels, products: Products
    ) -> NDArray[np.float32]:
        if self.psi == L2:
            return l2_divergence(g, labels, self.initial, self.expected)
        return divergence(g, labels, self.initial, self.expected, self.tau_v, products)

    def _without_others(
        self, g: NDArray[np.float32], labels: Labels, products: Products, relations: Relations
    ) -> NDArray[np.float32]:
        if self.psi == L2:
            return l2_divergence_without_others(g, labels, relations, self.expected)
        taus = (self.tau_v, self.tau_t)
        return divergence_without_others(g, labels, relations, self.expected, taus, products)
