"""The papers' baselines: a classifier trained on noisy rows, fine-tuned on verified ones."""

import torch
from torch import Tensor

from curate.heads.bayes import BayesHead
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task


class FineTune(BayesHead):
    """Noisy labels as they are first, then verified rows alone, or ``mixed``: nine noisy to one."""

    runs = 2

    def __init__(self, task: Task, features: int, mixed: bool = False) -> None:
        super().__init__(task, features)
        self.mixed = mixed

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; train on noisy rows; then fine-tune."""
        self.count(verified)
        noisy, clean = (288, 32) if self.mixed else (0, 64)
        first = Stage(self._loss, (self.y,), noisy=256)
        return [first, Stage(self._loss, (self.y,), noisy=noisy, verified=clean)]

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        x = torch.cat([noisy.x, verified.x])
        target = torch.cat([self.task.as_outputs(noisy.given), verified.true])
        return self.task.cross_entropy(self.y(x), target).mean()
