"""Veit et al. CVPR 2017, Learning From Noisy Large-Scale Datasets With Minimal Supervision.

A network g cleans labels, given the image, and learns that from verified rows; a classifier h
learns from cleaned labels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.head import StagedHead
from curate.heads.network import classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task

EMBEDDING = 128
CLEANING, CLASSIFYING = 0.1, 1.0
"""Weights of the two losses."""


class Veit(StagedHead):
    """The cleaning network g(y, x) = clip(y + g'(y, x), 0, 1) and the classifier h(x).

    With one label an image, none of the classes is a label vector of zeros: no output is added.
    Deviation: h has a hidden layer, for on frozen features it stands for the fine-tuned CNN.
    """

    def __init__(self, task: Task, features: int, pretrained: bool = True) -> None:
        super().__init__(task)
        self.pretrained, self.runs = pretrained, 1 + pretrained
        self.of_labels = nn.Linear(task.named, EMBEDDING)
        self.of_features = nn.Sequential(
            nn.BatchNorm1d(features, affine=False), nn.Linear(features, EMBEDDING)
        )
        self.hidden = nn.Linear(2 * EMBEDDING, EMBEDDING)
        self.residual = nn.Linear(EMBEDDING, task.named)
        nn.init.zeros_(self.residual.weight)
        nn.init.zeros_(self.residual.bias)
        self.h = classifier(features, task.named)

    def stages(self, verified: Rows) -> list[Stage]:
        """Pretrain g on verified rows, unless told not to; then both, nine noisy rows to one."""
        del verified
        cleaner = (self.of_labels, self.of_features, self.hidden, self.residual)
        pretraining = [Stage(self._clean_loss, cleaner, verified=64)] if self.pretrained else []
        return [*pretraining, Stage(self._loss, (*cleaner, self.h), noisy=288, verified=32)]

    def g(self, x: Tensor, given: Tensor) -> Tensor:
        """Return cleaned labels ĉ (n, C + new) in [0, 1]; before training these are the given."""
        given = functional.pad(given, (0, self.task.new))
        embedded = torch.cat([self.of_labels(given), self.of_features(x)], 1)
        cleaned: Tensor = given + self.residual(self.hidden(embedded))
        return cleaned.clamp(0, 1)

    def classify(self, x: Tensor) -> Tensor:
        """Return h(x)."""
        return self.task.shares(self.h(x).sigmoid())

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return g(y, x)."""
        return self.task.shares(self.g(x, given))

    def _clean_loss(self, batch: Batch) -> Tensor:
        rows = batch.verified
        return (self.g(rows.x, rows.given) - self._labels(rows.true)).abs().sum(1).mean()

    def _loss(self, batch: Batch) -> Tensor:
        cleaned = self.g(batch.noisy.x, batch.noisy.given).detach()
        targets = torch.cat([cleaned, self._labels(batch.verified.true)])
        logits = self.h(torch.cat([batch.noisy.x, batch.verified.x]))
        of_h = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        return CLEANING * self._clean_loss(batch) + CLASSIFYING * of_h.sum(1).mean()

    def _labels(self, true: Tensor) -> Tensor:
        return true[:, : self.task.named]
