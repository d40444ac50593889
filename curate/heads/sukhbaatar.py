"""Sukhbaatar et al. 2014, Training Convolutional Networks with Noisy Labels; fixed confusion."""

from torch import Tensor

from curate.heads.confusion import as_given, by_bayes, confusion, labels_loss, no_confusion
from curate.heads.head import Batch, Head, Rows, Stage, classifier
from curate.heads.task import Task


class Sukhbaatar(Head):
    """A classifier whose probabilities go through the confusion counted on verified rows."""

    runs = 1

    channel: Tensor
    """See `confusion`."""

    def __init__(self, task: Task, features: int) -> None:
        super().__init__(task, features)
        self.y = classifier(features, task.outputs)
        self.register_buffer("channel", no_confusion(task))

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; then noisy rows through it, and verified ones, nine to one."""
        self.channel.copy_(confusion(self.task, verified.given, verified.true))
        return [Stage(self._loss, (self.y,), noisy=288, verified=32)]

    def classify(self, x: Tensor) -> Tensor:
        """Return p(true | image)."""
        return self.task.probabilities(self.y(x))

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true | image, given label)."""
        return by_bayes(self.task, self.classify(x), given, self.channel)

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        p = as_given(self.task, self.classify(noisy.x), self.channel)
        of_verified = self.task.cross_entropy(self.y(verified.x), verified.true).mean()
        return labels_loss(self.task, p, noisy.given) + of_verified
