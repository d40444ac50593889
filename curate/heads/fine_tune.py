"""The papers' baselines: a classifier trained on noisy rows, fine-tuned on verified ones."""

import torch
from torch import Tensor

from curate.heads.confusion import by_bayes, confusion, no_confusion
from curate.heads.head import Batch, Head, Rows, Stage, classifier
from curate.heads.task import Task


class FineTune(Head):
    """Noisy labels as they are first, then verified rows alone, or ``mixed``: nine noisy to one.

    The papers' baselines do not look at an image's given label; here Bayes' rule by the confusion
    on verified rows lets them, so that they are compared fairly.
    """

    runs = 2

    channel: Tensor
    """See `confusion`."""

    def __init__(self, task: Task, features: int, mixed: bool = False) -> None:
        super().__init__(task, features)
        self.mixed = mixed
        self.y = classifier(features, task.outputs)
        self.register_buffer("channel", no_confusion(task))

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; train on noisy rows; then fine-tune."""
        self.channel.copy_(confusion(self.task, verified.given, verified.true))
        noisy, clean = (288, 32) if self.mixed else (0, 64)
        first = Stage(self._loss, (self.y,), noisy=256)
        return [first, Stage(self._loss, (self.y,), noisy=noisy, verified=clean)]

    def classify(self, x: Tensor) -> Tensor:
        """Return p(true | image)."""
        return self.task.probabilities(self.y(x))

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true | image, given label)."""
        return by_bayes(self.task, self.classify(x), given, self.channel)

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        x = torch.cat([noisy.x, verified.x])
        target = torch.cat([self.task.as_outputs(noisy.given), verified.true])
        return self.task.cross_entropy(self.y(x), target).mean()
