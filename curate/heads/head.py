"""What every head has in common."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from curate.heads.task import Task

if TYPE_CHECKING:
    from curate.heads.training import Learner

HIDDEN, DROPOUT = 512, 0.3


class Rows(NamedTuple):
    """Rows of a batch, or all that a head learns from."""

    x: Tensor
    """(n, D + C): see `Inputs`."""
    given: Tensor
    """(n, C): ones where a label is given."""
    true: Tensor
    """(n, K): the verified labels; zeros where nobody has verified any."""
    bag: Tensor
    """(n,): which bag each is of, numbered from 0; its own where there are none."""


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


class Head(nn.Module, ABC):
    """A label-cleaning head on what `Inputs` gives of an image."""

    runs: int
    """How many trainings it takes."""
    needs_verified = True
    several = True
    """Whether it can clean several labels of an image."""
    bags = False
    """Whether it can clean rows that share a bag together (`clean_in_bag`)."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    @abstractmethod
    def fit(self, learner: "Learner") -> None:
        """Train on the learner's rows."""

    @abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """Return p(true label | image) (n, K), without a look at the given label."""

    @abstractmethod
    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true label | image, given label) (n, K)."""


class StagedHead(Head):
    """A head that is trained in stages, as the papers' are."""

    def fit(self, learner: "Learner") -> None:
        """Train, stage by stage, and keep what cleans and classifies held-out rows best."""
        learner = learner.holding_out(learner.examples.verified)
        for stage in self.stages(learner.verified):
            learner.run(self, stage, self.surprise)

    def surprise(self, rows: Rows) -> Tensor:
        """Return how little the head foretells held-out rows (n,); kept is where that is least."""
        told = (self.clean(rows.x, rows.given), self.classify(rows.x))
        return torch.stack([self.task.surprise(p, rows.true) for p in told]).mean(0)

    @abstractmethod
    def stages(self, verified: Rows) -> list[Stage]:
        """Say how it is trained; ``verified`` are all verified rows."""


class Network(nn.Sequential):
    """Layers whose products may be in half precision, and whose output is float32."""

    precision: torch.dtype | None = None
    """The precision of products; None: float32."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the last layer's output."""
        with torch.autocast(x.device.type, self.precision, enabled=self.precision is not None):
            output: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return output.float()


@contextlib.contextmanager
def in_half(module: nn.Module, half: torch.dtype | None) -> Iterator[None]:
    """Let the networks of a module compute in half precision for the length of the block."""
    networks = [part for part in module.modules() if isinstance(part, Network)]
    for network in networks:
        network.precision = half
    try:
        yield
    finally:
        for network in networks:
            network.precision = None


def classifier(features: int, outputs: int) -> Network:
    """Make a network with a hidden layer; on frozen features it stands for the papers' CNN."""
    return Network(
        nn.BatchNorm1d(features, affine=False),
        nn.Linear(features, HIDDEN),
        nn.BatchNorm1d(HIDDEN),
        nn.ReLU(),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN, outputs),
    )
