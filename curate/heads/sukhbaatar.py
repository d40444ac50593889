"""Sukhbaatar et al. 2014, Training Convolutional Networks with Noisy Labels; fixed confusion."""

from torch import Tensor

from curate.heads.bayes import BayesHead
from curate.heads.confusion import as_given, labels_loss
from curate.heads.stage import Batch, Rows, Stage


class Sukhbaatar(BayesHead):
    """A classifier whose probabilities go through the confusion counted on verified rows."""

    runs = 1

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; then noisy rows through it, and verified ones, nine to one."""
        self.count(verified)
        return [Stage(self._loss, (self.y,), noisy=288, verified=32)]

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        p = as_given(self.task, self.classify(noisy.x), self.channel)
        of_verified = self.task.cross_entropy(self.y(verified.x), verified.true).mean()
        return labels_loss(self.task, p, noisy.given) + of_verified
