"""A logistic regression on evidence for each class and the given label, tied over classes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.inputs import log_p
from curate.heads.task import Task

STRICT, LOOSE = 3.0, 0.3
"""Precision of the prior of what each class has of its own, and of what they share."""
STEPS = 100
"""Of L-BFGS, at most."""


def sinet(task: Task, x: Tensor) -> Tensor:
    """Return SINet's log p (n, 1, K) of what `Inputs` gives; 0 of what it does not know."""
    return task.as_outputs(log_p(x, task.classes)[:, None])


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

    def fit(
        self, evidence: Tensor, given: Tensor, true: Tensor, guess: Tensor | None = None
    ) -> None:
        """Minimise the cross entropy on verified rows plus the priors' precisions.

        A ``guess`` (n, K) of the labels that are NaN in ``true``, and NaN for the others, counts as
        much as one answer a row.
        """
        strict = {self.own: STRICT, self.bias: STRICT, self.a: LOOSE, self.b: LOOSE}
        priors = [(p, p.detach().clone(), precision) for p, precision in strict.items()]
        optimizer = torch.optim.LBFGS(
            self.parameters(), max_iter=STEPS, line_search_fn="strong_wolfe"
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            logits = self(evidence, given)
            total = self.task.cross_entropy(logits, true).sum()
            if guess is not None:
                total = total + self.task.cross_entropy(logits, guess).sum() / self.task.outputs
            total = total + sum(
                precision / 2 * (p - at).square().sum() for p, at, precision in priors
            )
            total.backward()  # type: ignore[no-untyped-call]
            return total

        optimizer.step(loss)  # type: ignore[no-untyped-call]
