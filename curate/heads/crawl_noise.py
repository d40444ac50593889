"""The crawl's own noise matrix: the confident joint (Northcutt et al. 2021) by SINet's log p."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from curate.heads.inputs import log_p
from curate.heads.noise_types import Matrix
from curate.heads.training import JUDGED, Learner


@torch.no_grad()
def crawl_counts(learner: Learner) -> Matrix:
    """Count given against estimated true labels (C, K) over the rows that nobody has verified.

    Two passes: one for the threshold of each class, and one that counts. New classes and none of
    the classes, which no given label names, are not estimated: their columns are zeros.
    """
    task = learner.task
    hits, rows = torch.zeros(2, task.classes, device=learner.computer.device)
    counts = torch.zeros(task.classes, task.classes, device=learner.computer.device)
    for p, given in _pieces(learner):
        hits += (given * p).sum(0)
        rows += given.sum(0)
    threshold = torch.where(rows > 0, hits / rows.clamp(min=1), torch.inf)
    for p, given in _pieces(learner):
        counts += confident_joint(p, given, threshold)
    return task.as_outputs(counts).double().cpu().numpy()


def confident_joint(p: Tensor, given: Tensor, threshold: Tensor) -> Tensor:
    """Count given against true labels (C, C) of rows by p(true | image) (n, C), given (n, C).

    A row's true label is the likeliest class whose p reaches the ``threshold`` (C,) of that class,
    the mean p of the rows that are given it. A row without such a class does not count.
    """
    likely = torch.where(p >= threshold, p, 0)
    true = torch.nn.functional.one_hot(likely.argmax(1), p.shape[1]).to(p.dtype)
    return given.T @ (true * likely.any(1, keepdim=True))


def _pieces(learner: Learner) -> Iterator[tuple[Tensor, Tensor]]:
    """Give SINet's p (n, C) and the given labels (n, C) of unverified rows, some at a time."""
    noisy = np.flatnonzero(~learner.examples.verified)
    for start in range(0, len(noisy), JUDGED):
        rows = learner.rows(noisy[start : start + JUDGED])
        yield log_p(rows.x, learner.task.classes).exp(), rows.given
