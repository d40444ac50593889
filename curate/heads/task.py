"""What a head is asked: which classes, one label or several, and how labels become numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Task:
    """C classes of given labels and K outputs: the classes, new ones, and none of them."""

    classes: int
    """C"""
    several: bool = False
    """An image has a list of labels, and not one."""
    new: int = 0
    """Classes that verified labels have and given labels do not."""
    none: bool = False
    """With one label an image: some verified rows are of none of the classes, the last output."""
    empty: bool = True
    """With several labels an image: it may have none of them."""

    @property
    def named(self) -> int:
        """Outputs that are classes: C and the new ones."""
        return self.classes + self.new

    @property
    def outputs(self) -> int:
        """K."""
        return self.named + self.none

    def given(self, labels: Tensor) -> Tensor:
        """Turn given labels (n, L), filled up with -1, into ones and zeros (n, C)."""
        return _ones(labels, self.classes)

    def target(self, labels: Tensor, asked: Tensor | None = None) -> Tensor:
        """Turn true labels (n, L), all -1 for none of the classes, into ones and zeros (n, K).

        Where a person was ``asked`` about some classes only, (n, A) filled up with -1, the others
        are NaN; a row of -1 was asked about all.
        """
        if self.none:
            none = (labels < 0).all(1, keepdim=True)
            labels = torch.where(none, self.named, labels)
        ones = _ones(labels, self.outputs)
        if asked is None:
            return ones
        known = _ones(asked, self.outputs) > 0
        return torch.where(known | ~known.any(1, keepdim=True), ones, torch.nan)

    def as_outputs(self, given: Tensor) -> Tensor:
        """Widen ones and zeros of given labels (n, C) to (n, K)."""
        return functional.pad(given, (0, self.outputs - self.classes))

    def shares(self, present: Tensor) -> Tensor:
        """Make probabilities (n, K) of those that each class (n, C + new) is there.

        Where there is none, a row of zeros: nothing is known.
        """
        if self.several:
            return present
        none = (1 - present).prod(1, keepdim=True)
        return normalized(torch.cat([present, none], 1) if self.none else present)

    def probabilities(self, logits: Tensor) -> Tensor:
        """Softmax over K for one label, a sigmoid each for several; logits (n, K)."""
        return logits.sigmoid() if self.several else logits.softmax(1)

    def cross_entropy(self, logits: Tensor, target: Tensor) -> Tensor:
        """Return the loss of each row (n,) towards probabilities (n, K); a sum over classes.

        Of several labels those that are NaN in the target do not count.
        """
        if self.several:
            loss = functional.binary_cross_entropy_with_logits(
                logits, without_nan(target), reduction="none"
            )
            return sum_of_known(loss, target)
        return -(target * functional.log_softmax(logits, 1)).sum(1)

    def negative_log_likelihood(self, probabilities: Tensor, target: Tensor) -> Tensor:
        """Return the negative log likelihood (n,) of targets (n, K) under probabilities (n, K)."""
        p = probabilities.clamp(LEAST, 1 - LEAST)
        loss = -(target * p.log())
        return (loss - (1 - target) * (1 - p).log()).sum(1) if self.several else loss.sum(1)


LEAST = 1e-4
"""No head is believed to be surer than this."""


def without_nan(target: Tensor) -> Tensor:
    """Return targets (n, K) with 0 for NaN, for losses: the gradient of NaN * 0 is NaN."""
    return target.masked_fill(target.isnan(), 0)


def sum_of_known(loss: Tensor, target: Tensor) -> Tensor:
    """Sum losses (n, K) over the classes whose target (n, K) is not NaN: (n,)."""
    return loss.masked_fill(target.isnan(), 0).sum(1)


def normalized(p: Tensor) -> Tensor:
    """Divide rows (n, K) by their sums; a row of zeros stays zeros."""
    return p / p.sum(1, keepdim=True).clamp(min=torch.finfo(p.dtype).tiny)


def _ones(labels: Tensor, width: int) -> Tensor:
    ones = torch.zeros(len(labels), width + 1, device=labels.device)
    return ones.scatter_(1, torch.where(labels < 0, width, labels), 1.0)[:, :width]
