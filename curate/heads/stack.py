"""Stacking (Wolpert 1992): what is known of an image and its given label, weighed on verified rows.

A logistic regression on the logarithms of class probabilities and on the given label, whose classes
share their weights, so that a few hundred verified rows do. First on SINet's probabilities; then
classifiers learn from the labels that it has cleaned, and it is fitted again with theirs. Not from
one of the papers.
"""

from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.head import Head
from curate.heads.network import classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task
from curate.heads.tied import Tied, sinet
from curate.heads.training import Learner
from curate.heads.unasked import estimating

CLASSIFIERS = 2
"""Each learns from other rows, so that each row is judged by one that has not seen it."""


class Stack(Head):
    """`Tied` on SINet's probabilities, classifiers that learn from it, `Tied` on all of them."""

    runs = CLASSIFIERS

    def __init__(self, task: Task, features: int) -> None:
        super().__init__(task)
        self.first, self.second = Tied(task, 1), Tied(task, 2)
        self.classifiers = nn.ModuleList(
            classifier(features - task.classes, task.outputs) for _ in range(CLASSIFIERS)
        )

    def fit(self, learner: Learner) -> None:
        """Fit the first, train a classifier on each part of the rows, fit the second."""
        learner = estimating(learner)
        verified = learner.verified
        self.first.fit(sinet(self.task, verified.x), verified.given, verified.true)
        at = np.flatnonzero(learner.examples.verified)
        evidence = sinet(self.task, verified.x).repeat(1, 2, 1)
        for number, network in enumerate(self.classifiers):
            part, outside = learner.part(number, CLASSIFIERS)
            stage = Stage(partial(self._loss, network), [network], noisy=256, verified=32)
            part.run(network, stage, partial(self._held_out_loss, network))
            network.eval()
            unseen = torch.from_numpy(outside[at]).to(verified.x.device)
            with torch.no_grad():
                evidence[unseen, 1] = self._logits(network, verified.x[unseen])
        self.second.fit(evidence, verified.given, verified.true)

    def classify(self, x: Tensor) -> Tensor:
        """Return the classifiers' mean p(true | image)."""
        return torch.stack([self._classified(network, x) for network in self.classifiers]).mean(0)

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true | image, given label)."""
        logits = torch.stack([self._logits(network, x) for network in self.classifiers]).mean(0)
        evidence = torch.stack([sinet(self.task, x)[:, 0], logits], 1)
        return self.task.probabilities(self.second(evidence, given))

    def _logits(self, network: nn.Module, x: Tensor) -> Tensor:
        """Return what a classifier says of each output: log p, or log odds for several (n, K)."""
        logits: Tensor = network(x[:, : -self.task.classes])
        return logits if self.task.several else functional.log_softmax(logits, 1)

    def _held_out_loss(self, network: nn.Module, rows: Rows) -> Tensor:
        return self.task.negative_log_likelihood(self._classified(network, rows.x), rows.true)

    def _classified(self, network: nn.Module, x: Tensor) -> Tensor:
        return self.task.probabilities(network(x[:, : -self.task.classes]))

    def _loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """Learn from cleaned labels, and from verified ones as they are."""
        noisy, verified = batch
        with torch.no_grad():
            cleaned = self.task.probabilities(self.first(sinet(self.task, noisy.x), noisy.given))
        x = torch.cat([noisy.x, verified.x])[:, : -self.task.classes]
        target = torch.cat([cleaned, verified.true])
        return self.task.cross_entropy(network(x), target).mean()
