"""The confusion of given with true labels, counted on verified rows, and Bayes' rule by it."""

import torch
from torch import Tensor

from curate.heads.task import LEAST, Task, normalized

TINY = torch.finfo(torch.float32).tiny
PRIOR = 1.0
"""Pseudo-count of the prior: rows of each true class, with the label distribution of all rows.

That distribution has one row more than are verified, whose label is any class: so each label that
no verified row has keeps some probability.
"""


def no_confusion(task: Task) -> Tensor:
    """Return a confusion in which every label is given as it is."""
    if task.several:
        return torch.stack([torch.zeros(task.classes), torch.ones(task.classes)])
    return torch.eye(task.outputs, task.classes)


def confusion(task: Task, given: Tensor, true: Tensor) -> Tensor:
    """Count p(given | true) on verified rows, given (n, C) and true (n, K).

    With one label (K, C); with several (2, C), p(z = 1 | y = j) of each class.
    """
    if task.several:
        true = true[:, : task.classes]
        hits = torch.stack([((1 - true) * given).sum(0), (true * given).sum(0)])
        counts = torch.stack([(1 - true).sum(0), true.sum(0)])
        anyone = hits.sum(1) / counts.sum(1).clamp(min=1)
        return (hits + PRIOR * anyone[:, None]) / (counts + PRIOR)
    counts = true.T @ given
    share = PRIOR * (given.sum(0) + 1 / task.classes) / (given.sum() + 1)
    return (counts + share) / (counts.sum(1, keepdim=True) + share.sum()).clamp(min=LEAST)


def by_bayes(task: Task, p: Tensor, given: Tensor, channel: Tensor) -> Tensor:
    """Return p(true | image, given label) (n, K) by p(true | image) (n, K) and `confusion`.

    An image without a given label, or with one that is impossible by the confusion, keeps what is
    known without it. With one label an image, rows sum to 1.
    """
    if task.several:
        known, new = p[:, : task.classes], p[:, task.classes :]
        of_z = torch.where(given[:, None] > 0, channel, 1 - channel)
        joint = of_z[:, 1] * known
        total = joint + of_z[:, 0] * (1 - known)
        cleaned = torch.where(total > 0, joint / total.clamp(min=TINY), known)
        return torch.cat([cleaned, new], 1)
    joint = p * (given @ channel.T)
    return normalized(torch.where(joint.sum(1, keepdim=True) >= TINY, joint, p))


def as_given(task: Task, p: Tensor, channel: Tensor) -> Tensor:
    """Return p(given | image) (n, C) by p(true | image) (n, K) and `confusion`."""
    if task.several:
        known = p[:, : task.classes]
        return channel[1] * known + channel[0] * (1 - known)
    return p @ channel


def labels_loss(task: Task, p: Tensor, given: Tensor) -> Tensor:
    """Return the mean cross entropy of given labels (n, C) under probabilities (n, C)."""
    p = p.clamp(LEAST, 1 - LEAST)
    loss = given * p.log()
    return -((loss + (1 - given) * (1 - p).log()) if task.several else loss).sum(1).mean()
