"""Xiao et al. CVPR 2015, Learning from Massive Noisy Labeled Data for Image Classification.

An image x has a true label y and a type of noise z: noise free, random or confusing. Two networks
tell p(y | x) and p(z | x); the given label ỹ comes from p(ỹ | y, z).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from curate.heads.head import StagedHead
from curate.heads.network import classifier
from curate.heads.noise_types import confusing_matrix, noise_types, uniform
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task


class Xiao(StagedHead):
    """The networks of y and of z, and the label noise p(ỹ | y, z).

    Deviations: networks with one hidden layer on frozen features in place of two CNNs, and true
    labels that are none of the classes, whose given label is never noise free.
    """

    several = False

    runs = 2
    noise: Tensor
    """(3, C, K): p(ỹ | y, z), by z, ỹ and y: identity, uniform over the others, C."""

    def __init__(self, task: Task, features: int) -> None:
        super().__init__(task)
        C, K = task.classes, task.outputs
        self.y, self.z = classifier(features, K), classifier(features, 3)
        at_random = torch.tensor([uniform(c, C) for c in range(K)])
        free = torch.eye(C, K)
        self.register_buffer(
            "noise", torch.stack([free, (1 - free) * at_random, torch.zeros(C, K)])
        )
        """(3, C, K): p(ỹ | y, z), by z, ỹ and y: identity, uniform over the others, C."""

    def stages(self, verified: Rows) -> list[Stage]:
        """Fit C; pretrain both networks on verified rows; then EM on noisy and verified rows.

        Verified rows are half as many as noisy ones in every batch, as they are in the paper after
        upsampling.
        """
        given, true = _pairs(verified)
        C = confusing_matrix(given, true, self.task.classes, self.task.outputs)
        self.noise[2] = torch.from_numpy(C)
        self._C = C
        return [
            Stage(self._clean_loss, (self.y, self.z), verified=64),
            Stage(self._em_loss, (self.y, self.z), noisy=256, verified=128),
        ]

    def classify(self, x: Tensor) -> Tensor:
        """Return p(y | x)."""
        logits: Tensor = self.y(x)
        return logits.softmax(1)

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(y | ỹ, x): the posterior of Eq. 5, summed over z."""
        return posterior(self.y(x), self.z(x), given, self.noise).sum(1)

    def noise_type(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(z | ỹ, x) (n, 3): the posterior of Eq. 5, summed over y."""
        return posterior(self.y(x), self.z(x), given, self.noise).sum(2)

    def _clean_loss(self, batch: Batch) -> Tensor:
        rows = batch.verified
        of_y = functional.cross_entropy(self.y(rows.x), rows.true)
        types = torch.from_numpy(noise_types(*_pairs(rows), self._C)).to(rows.x.device)
        if not len(types):
            return of_y
        return of_y + functional.cross_entropy(self.z(rows.x)[_has_label(rows)], types)

    def _em_loss(self, batch: Batch) -> Tensor:
        y, z = self.y(batch.noisy.x), self.z(batch.noisy.x)
        return em_loss(y, z, batch.noisy.given, self.noise).mean() + self._clean_loss(batch)


def _has_label(rows: Rows) -> Tensor:
    """Tell which rows (n,) have a given label; the others have no noise type."""
    return rows.given.any(1)


def _pairs(rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the given and the true label (m,) of the verified rows that have both."""
    labelled = _has_label(rows)
    given, true = (labels[labelled].argmax(1).cpu().numpy() for labels in (rows.given, rows.true))
    return given, true


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
