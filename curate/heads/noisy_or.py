"""Labels of bags, and what they say of the rows in them (Jiang et al. 2020, Eq. 5 and noisy-or).

A class is in a bag where any of its rows shows it. A row alone is a bag of one.
"""

import torch
from torch import Tensor

TINY = torch.finfo(torch.float32).tiny


def observed(present: Tensor, q: Tensor) -> Tensor:
    """Return p(z = 1 | x) (B, C), Eq. 5, by p(y = 1 | x) (B, C) and q_1j (B, 2, C)."""
    return q[:, 1] * present + q[:, 0] * (1 - present)


def posterior(present: Tensor, bag: Tensor, q: Tensor, given: Tensor) -> Tensor:
    """Return p(y = 1 | z, x) (n, C) of rows, by Bayes' rule.

    ``present`` is the row's p(y = 1 | x). The others are those of its bag: ``bag`` is p(y = 1 | x),
    ``q`` is q_1j (n, 2, C) and ``given`` is z. Where a row shows a class, its bag does.
    """
    of_z = torch.where(given[:, None] > 0, q, 1 - q)
    return of_z[:, 1] * present / observed(bag, of_z).clamp(min=TINY)


def noisy_or(absent: Tensor, bag: Tensor) -> Tensor:
    """Return p(a class is in a bag) (B, C) by log p(it is not in a row) (n, C) and bags (n,)."""
    return 1 - _summed(absent, bag).exp()


def labels_of(given: Tensor, bag: Tensor) -> Tensor:
    """Return the given labels of bags (B, C): those of any of their rows (n, C)."""
    return _summed(given, bag).clamp(max=1)


def mean_of(values: Tensor, bag: Tensor) -> Tensor:
    """Return the mean over the rows of each bag, (B, ·) of (n, ·)."""
    return _summed(values, bag) / torch.bincount(bag).view(-1, *[1] * (values.ndim - 1))


def _summed(values: Tensor, bag: Tensor) -> Tensor:
    sums = values.new_zeros(int(bag.max()) + 1, *values.shape[1:])
    return sums.index_add(0, bag, values)
