"""Veit et al. CVPR 2017, Learning From Noisy Large-Scale Datasets With Minimal Supervision.

A network g cleans labels, given the image, and learns that from verified rows; a classifier h
learns from cleaned labels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.head import StagedHead
from curate.heads.inputs import log_p
from curate.heads.network import classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task
from curate.heads.training import LEARNING_RATE, Learner
from curate.heads.unasked import estimating

EMBEDDING = 128
CLEANING, CLASSIFYING = 0.1, 1.0
"""Weights of the two losses."""
RATE = 0.015 / LEARNING_RATE
"""The paper's learning rate of g while it is pretrained, 0.015, as a share of ours."""


class Veit(StagedHead):
    """The cleaning network g(y, x) = clip(y + g'(y, x), 0, 1) and the classifier h(x).

    With one label an image, none of the classes is a label vector of zeros: no output is added.
    Deviation: g sees the image through SINet's log p: a linear map of all features overfits.
    Deviation: h has a hidden layer, for on frozen features it stands for the fine-tuned CNN.
    Deviation: the gradient of clip is that of the identity, for ĉ starts on its bounds.
    Deviation: of the pretrained g the epoch with the least L1 loss on held-out rows is kept, and
    then h alone is trained; in the paper g learns on, at a rate of .001. ``pretrained`` False
    trains both together, as the paper's joint training does.
    Deviation: ĉ is mixed with h(x), see `clean`.
    """

    error: Tensor
    """How often g is wrong on held-out rows."""

    def __init__(self, task: Task, features: int, pretrained: bool = True) -> None:
        super().__init__(task)
        self.pretrained, self.runs = pretrained, 1 + pretrained
        self.of_labels = nn.Linear(task.named, EMBEDDING)
        self.of_image = nn.Sequential(
            nn.BatchNorm1d(task.classes, affine=False), nn.Linear(task.classes, EMBEDDING)
        )
        self.hidden = nn.Linear(2 * EMBEDDING, EMBEDDING)
        self.residual = nn.Linear(EMBEDDING, task.named)
        nn.init.zeros_(self.residual.weight)
        nn.init.zeros_(self.residual.bias)
        self.h = classifier(features, task.named)
        self.register_buffer("error", torch.zeros(()))

    def fit(self, learner: Learner) -> None:
        """Train, and count how often held-out rows are cleaned wrongly."""
        learner = estimating(learner)
        learner = learner.holding_out(learner.examples.verified)
        self.run_stages(learner)
        held_out = learner.held_out_rows
        if held_out is not None:
            self.error.copy_(self._error(held_out))

    def stages(self, verified: Rows) -> list[Stage]:
        """Train g on verified rows and then h, nine noisy rows to one; or both together."""
        del verified
        cleaner = (self.of_labels, self.of_image, self.hidden, self.residual)
        if not self.pretrained:
            loss, judge = self._joint_loss, self._held_out_joint_loss
            return [Stage(loss, (*cleaner, self.h), noisy=288, verified=32, judge=judge)]
        return [
            Stage(self._clean_loss, cleaner, verified=64, rate=RATE, judge=self._held_out_distance),
            Stage(self._loss_of_h, (self.h,), 288, 32, judge=self._held_out_loss_of_h),
        ]

    def g(self, x: Tensor, given: Tensor) -> Tensor:
        """Return cleaned labels ĉ (n, C + new) in [0, 1]; before training these are the given."""
        given = functional.pad(given, (0, self.task.new))
        embedded = torch.cat([self.of_labels(given), self.of_image(log_p(x, self.task.classes))], 1)
        cleaned = given + self.residual(self.hidden(embedded))
        clipped: Tensor = cleaned.detach().clamp(0, 1) + (cleaned - cleaned.detach())
        return clipped

    def classify(self, x: Tensor) -> Tensor:
        """Return h(x)."""
        return self.task.shares(self.h(x).sigmoid())

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return g(y, x), mixed with h(x) as often as g is wrong.

        The L1 loss makes ĉ exactly 0 and 1, and the mixture says how sure that is. Of an image
        that g gives no label, where it must have one, h(x) alone is returned.
        """
        cleaned, of_h = self.task.shares(self.g(x, given)), self.classify(x)
        mixed = (1 - self.error) * cleaned + self.error * of_h
        if self.task.several:
            return mixed
        return torch.where(cleaned.any(1, keepdim=True), mixed, of_h)

    def _clean_loss(self, batch: Batch) -> Tensor:
        return self._distance(batch.verified).mean()

    def _loss_of_h(self, batch: Batch) -> Tensor:
        if self.pretrained:
            self.of_image.eval()  # g is fixed, and so are its statistics
        cleaned = self.g(batch.noisy.x, batch.noisy.given).detach()
        targets = torch.cat([cleaned, self._labels(batch.verified.true)])
        x = torch.cat([batch.noisy.x, batch.verified.x])
        return self._cross_entropy_of_h(x, targets).mean()

    def _joint_loss(self, batch: Batch) -> Tensor:
        return CLEANING * self._clean_loss(batch) + CLASSIFYING * self._loss_of_h(batch)

    def _distance(self, rows: Rows) -> Tensor:
        """Return the L1 distance (n,) of cleaned to true labels."""
        return (self.g(rows.x, rows.given) - self._labels(rows.true)).abs().sum(1)

    def _held_out_distance(self, rows: Rows) -> Tensor:
        """Return the L1 distance (n,) of what is said of each label, and of none, to the truth.

        With one label an image, ĉ of zeros is nearer to a label than a wrong one is, and harms.
        """
        return (self.task.shares(self.g(rows.x, rows.given)) - rows.true).abs().sum(1)

    def _held_out_loss_of_h(self, rows: Rows) -> Tensor:
        return self._cross_entropy_of_h(rows.x, self._labels(rows.true))

    def _held_out_joint_loss(self, rows: Rows) -> Tensor:
        of_g, of_h = self._held_out_distance(rows), self._held_out_loss_of_h(rows)
        return CLEANING * of_g + CLASSIFYING * of_h

    def _cross_entropy_of_h(self, x: Tensor, targets: Tensor) -> Tensor:
        loss = functional.binary_cross_entropy_with_logits(self.h(x), targets, reduction="none")
        return loss.sum(1)

    @torch.inference_mode()
    def _error(self, rows: Rows) -> Tensor:
        """Return how often ĉ is wrong: the share of rows, or of labels where there are several."""
        self.eval()
        cleaned, true = self.g(rows.x, rows.given), self._labels(rows.true)
        if self.task.several:
            return (cleaned - true).abs().mean()
        cleaned = self.task.shares(cleaned)
        return (cleaned.argmax(1) != rows.true.argmax(1)).float().mean()

    def _labels(self, true: Tensor) -> Tensor:
        return true[:, : self.task.named]
