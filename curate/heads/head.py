"""What every head has in common."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from curate.heads.stage import Rows, Stage
from curate.heads.task import Task
from curate.heads.training import Learner
from curate.heads.unasked import estimating


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
    def fit(self, learner: Learner) -> None:
        """Train on the learner's rows."""

    @abstractmethod
    def classify(self, x: Tensor) -> Tensor:
        """Return p(true label | image) (n, K), without a look at the given label."""

    @abstractmethod
    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true label | image, given label) (n, K)."""


class StagedHead(Head):
    """A head that is trained in stages, as the papers' are."""

    def fit(self, learner: Learner) -> None:
        """Train, stage by stage, and keep what cleans and classifies held-out rows best."""
        learner = estimating(learner)
        self.run_stages(learner.holding_out(learner.examples.verified))

    def run_stages(self, learner: Learner) -> None:
        """Train on the learner's rows, stage by stage."""
        for stage in self.stages(learner.verified):
            learner.run(self, stage, self.held_out_loss)

    def held_out_loss(self, rows: Rows) -> Tensor:
        """Return the loss (n,) of held-out rows; the parameters with the least are kept."""
        predicted = (self.clean(rows.x, rows.given), self.classify(rows.x))
        return torch.stack(
            [self.task.negative_log_likelihood(p, rows.true) for p in predicted]
        ).mean(0)

    @abstractmethod
    def stages(self, verified: Rows) -> list[Stage]:
        """Say how it is trained; ``verified`` are all verified rows."""
