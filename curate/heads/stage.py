"""The rows that a head learns from, and the stages of its training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor, nn


class Rows(NamedTuple):
    """Rows of a batch, or all that a head learns from."""

    x: Tensor
    """(n, D + C): see `Inputs`."""
    given: Tensor
    """(n, C): ones where a label is given."""
    true: Tensor
    """(n, K): the verified labels, zeros where nobody has verified any; of a class that a person
    was not asked about an estimate, or NaN (see `Learner.unasked`)."""
    bag: Tensor
    """(n,): which bag each is of, numbered from 0; its own where there are none."""
    is_verified: Tensor
    """(n,): whose labels a person has verified."""


class Batch(NamedTuple):
    """Rows that nobody has verified, and rows that a person has; either may be empty."""

    noisy: Rows
    verified: Rows


@dataclass(frozen=True)
class Stage:
    """A part of a training: what is minimised, by which parameters, on what mixture of rows."""

    loss: Callable[[Batch], Tensor]
    """Of a batch, a mean."""
    trained: Sequence[nn.Module]
    noisy: int = 0
    """Rows of a batch that nobody has verified."""
    verified: int = 0
    """Rows of a batch that a person has."""
    rate: float = 1.0
    """Of its learning, as a share of LEARNING_RATE."""
    all_rows: bool = False
    """Draw the noisy rows from all rows, so that bags stay whole where some rows are verified."""
    judge: Callable[[Rows], Tensor] | None = None
    """The loss (n,) of held-out rows, in place of the head's: the best of all epochs is then kept,
    or the parameters as they were before."""
