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
from curate.heads.training import Learner

CLASSIFIERS = 2
"""Each learns from other rows, so that each row is judged by one that has not seen it."""
STRICT, LOOSE = 3.0, 0.3
"""Precision of the prior of what each class has of its own, and of what they share."""
STEPS = 100
"""Of L-BFGS, at most."""


class Tied(nn.Module):
    """logit_k = Σ_e a_e E_ek + b y_k + (own of k), E (n, E, K) evidence and y (n, C) given labels.

    Own of a class is a bias, and for one label an image how likely each given label is taken for
    it (C, K), for several labels how much its given label counts (C). New classes and none of the
    classes may also lose by the greatest evidence for any other.
    """

    def __init__(self, task: Task, evidence: int) -> None:
        super().__init__()
        self.task = task
        C, K = task.classes, task.outputs
        self.a = nn.Parameter(torch.full((evidence,), 1 / evidence))
        self.b = nn.Parameter(torch.ones(()))
        self.own = nn.Parameter(torch.zeros(C) if task.several else torch.zeros(C, K))
        self.bias = nn.Parameter(torch.zeros(K))
        self.of_others = nn.Parameter(torch.zeros(evidence + 1, K - C))

    def forward(self, evidence: Tensor, given: Tensor) -> Tensor:
        """Return logits (n, K)."""
        own = self.task.as_outputs(self.own * given) if self.task.several else given @ self.own
        told = self.task.as_outputs(self.b * given) + own
        known = functional.pad(evidence[:, :, : self.task.classes].amax(2), (0, 1), value=1.0)
        others = functional.pad(known @ self.of_others, (self.task.classes, 0))
        return torch.einsum("e,nek->nk", self.a, evidence) + told + others + self.bias

    def fit(self, evidence: Tensor, given: Tensor, true: Tensor) -> None:
        """Minimise the cross entropy on verified rows plus the priors' precisions."""
        strict = {self.own: STRICT, self.bias: STRICT, self.a: LOOSE, self.b: LOOSE}
        priors = [(p, p.detach().clone(), precision) for p, precision in strict.items()]
        optimizer = torch.optim.LBFGS(
            self.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            total = self.task.cross_entropy(self(evidence, given), true).sum()
            total = total + sum(
                precision / 2 * (p - at).square().sum() for p, at, precision in priors
            )
            total.backward()  # type: ignore[no-untyped-call]
            return total

        optimizer.step(loss)  # type: ignore[no-untyped-call]


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
        verified = learner.verified
        self.first.fit(self._sinet(verified.x), verified.given, verified.true)
        at = np.flatnonzero(learner.examples.verified)
        evidence = self._sinet(verified.x).repeat(1, 2, 1)
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
        evidence = torch.stack([self._sinet(x)[:, 0], logits], 1)
        return self.task.probabilities(self.second(evidence, given))

    def _sinet(self, x: Tensor) -> Tensor:
        """Return SINet's log p (n, 1, K); 0 of what it does not know."""
        return self.task.as_outputs(x[:, None, -self.task.classes :])

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
            cleaned = self.task.probabilities(self.first(self._sinet(noisy.x), noisy.given))
        x = torch.cat([noisy.x, verified.x])[:, : -self.task.classes]
        target = torch.cat([cleaned, verified.true])
        return self.task.cross_entropy(network(x), target).mean()
