"""Xiao et al. CVPR 2015, Learning from Massive Noisy Labeled Data for Image Classification.

An image x has a true label y and a type of noise z: noise free, random or confusing. A network
predicts p(y | x); p(z) is counted; the given label ỹ is drawn from p(ỹ | y, z).
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from curate.heads.crawl_noise import crawl_counts
from curate.heads.head import StagedHead
from curate.heads.inputs import features_alone
from curate.heads.network import classifier
from curate.heads.noise_types import (
    confusing_matrix,
    noise_types,
    pair_counts,
    type_shares,
    uniform,
)
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task, normalized
from curate.heads.training import Learner

CLEAN = 0.5
"""Weight of the verified rows' mean loss: upsampled, they are half as many as the noisy rows."""


class Xiao(StagedHead):
    """The network of y, the shares of z, and the label noise p(ỹ | y, z).

    Deviations: a network with one hidden layer on frozen features replaces the CNN of y, and it
    does not see SINet's log p, which was made from the noisy labels. p(z) is the same for all
    images, counted on verified rows: a network of z learned noise by heart on frozen features. C is
    estimated from the verified pairs and, as pseudo-counts, the crawl's own noise matrix. True
    labels may be none of the classes; their given label is never noise free.
    """

    several = False

    runs = 2
    noise: Tensor
    """(3, C, K): p(ỹ | y, z), by z, ỹ and y: identity, uniform over the others, C."""
    types: Tensor
    """(3,): p(z)."""

    def __init__(self, task: Task, features: int) -> None:
        super().__init__(task)
        C, K = task.classes, task.outputs
        self.y = classifier(features - C, K)
        at_random = torch.tensor([uniform(c, C) for c in range(K)])
        free = torch.eye(C, K)
        self.register_buffer(
            "noise", torch.stack([free, (1 - free) * at_random, torch.zeros(C, K)])
        )
        self.register_buffer("types", torch.full((3,), 1 / 3))
        self._crawl = np.zeros((C, K))

    def fit(self, learner: Learner) -> None:
        """Count the crawl's own noise; then train in stages."""
        self._crawl = crawl_counts(learner)
        super().fit(learner)

    def stages(self, verified: Rows) -> list[Stage]:
        """Fit C and p(z); pretrain y on verified rows; then EM on noisy and verified rows.

        A verified row without a given label counts for neither C nor p(z).
        """
        labelled = verified.given.any(1)
        given, true = (
            labels[labelled].argmax(1).cpu().numpy() for labels in (verified.given, verified.true)
        )
        counts = pair_counts(given, true, self.task.classes, self.task.outputs)
        C = confusing_matrix(counts + self._crawl)
        self.noise[2] = torch.from_numpy(C)
        self.types.copy_(torch.from_numpy(type_shares(noise_types(given, true, C))))
        return [
            Stage(self._clean_loss, (self.y,), verified=64),
            Stage(self._em_loss, (self.y,), noisy=256, verified=128),
        ]

    def classify(self, x: Tensor) -> Tensor:
        """Return p(y | x)."""
        return self._logits(x)[0].softmax(1)

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(y | ỹ, x): the posterior of Eq. 5, summed over z."""
        return posterior(*self._logits(x), given, self.noise).sum(1)

    def noise_type(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(z | ỹ, x) (n, 3): the posterior of Eq. 5, summed over y."""
        return posterior(*self._logits(x), given, self.noise).sum(2)

    def noise_type_of(self, given: Tensor, p: Tensor) -> Tensor:
        """Return p(z | ỹ, x) (n, 3) where more is known of y: that it has probabilities p (n, K).

        Σ_y p(y) p(z | y, ỹ), by Jeffrey's rule; p(z) is the same for all x. A row of zeros means
        none of the classes, for which this head has no output: it counts as any class but ỹ, and is
        never noise free.
        """
        p = torch.where(p.any(1, keepdim=True), p, 1 - self.task.as_outputs(given))
        of_z = self.types[:, None] * torch.einsum("nc,zck->nzk", given, self.noise)
        return normalized((normalized(of_z) * p[:, None]).sum(2))

    def _logits(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits of y (n, K) and of z (n, 3)."""
        y: Tensor = self.y(features_alone(x, self.task.classes))
        return y, self.types.log().expand(len(x), -1)

    def _clean_loss(self, batch: Batch) -> Tensor:
        rows = batch.verified
        return functional.cross_entropy(self._logits(rows.x)[0], rows.true)

    def _em_loss(self, batch: Batch) -> Tensor:
        of_noisy = em_loss(*self._logits(batch.noisy.x), batch.noisy.given, self.noise).mean()
        return of_noisy + CLEAN * self._clean_loss(batch)


def posterior(y: Tensor, z: Tensor, given: Tensor, noise: Tensor) -> Tensor:
    """Return p(y, z | ỹ, x) (n, 3, K), Eq. 5, by logits of y (n, K) and z (n, 3) and given (n, C).

    ``noise`` (3, C, K) is p(ỹ | y, z). A row whose given label no pair explains keeps the prior.
    """
    prior = z.softmax(1)[:, :, None] * y.softmax(1)[:, None, :]
    joint = prior * torch.einsum("nc,zck->nzk", given, noise)
    total = joint.sum((1, 2), keepdim=True)
    return torch.where(total > 0, joint / total.clamp(min=torch.finfo(total.dtype).tiny), prior)


def em_loss(y: Tensor, z: Tensor, given: Tensor, noise: Tensor) -> Tensor:
    """Return the cross entropies weighted by the posterior, which is a constant, Eq. 7: (n,).

    Their gradient is that of -log p(ỹ | x).
    """
    p = posterior(y, z, given, noise).detach()
    of_y = (p.sum(1) * functional.log_softmax(y, 1)).sum(1)
    return -of_y - (p.sum(2) * functional.log_softmax(z, 1)).sum(1)
