"""The weighted loss: SINet Eq. 7."""

import torch
from torch.nn import functional


def weighted_cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, smoothing: float = 0.0
) -> torch.Tensor:
    """Return the mean over a batch of weight times cross entropy: SINet Eq. 7.

    logits: (n, C); target: (n,) numbers of classes, or (n, C) shares of the classes, a soft label;
    weight: (n,), multiplied as it is: 1/n Σ w_i · CE_i, not divided by Σ w_i, so that a batch of
    doubtful samples moves the network less. A share ``smoothing`` of each target is spread evenly
    over all classes (not in the paper's Eq. 7).
    """
    losses = functional.cross_entropy(
        logits.float(), target, reduction="none", label_smoothing=smoothing
    )
    return (weight * losses).mean()


def weighted_binary_cross_entropy(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """Return the mean over a batch of the sum over classes of weight times binary cross entropy.

    Eq. 7 where an image has several labels. logits, target, weight: (n, C); target is 1 for the
    labels that an image has and 0 for all others.
    """
    losses = functional.binary_cross_entropy_with_logits(
        logits.float(), target.float(), reduction="none"
    )
    return (weight * losses).sum(1).mean()


def soft_target(classes: torch.Tensor, shares: torch.Tensor, count: int) -> torch.Tensor:
    """Spread shares (n, k) of a few classes (n, k) over all ``count`` of them: (n, C)."""
    target = shares.new_zeros(len(shares), count)
    return target.scatter_add_(1, classes, shares)
