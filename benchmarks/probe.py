"""A linear classifier trained with a weight for every sample."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

BATCH = 256
LEARNING_RATE = 3e-4
"""Of Adam, constant."""

Weight = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Samples:
    """Features and classes as tensors."""

    x: torch.Tensor
    """(N, D) float32."""
    labels: torch.Tensor
    """(N,) int64."""


def accuracies(
    crawl: Samples,
    weight: Weight,
    validation: Samples,
    classes: int,
    steps: Sequence[int],
    seed: int,
) -> list[float]:
    """Train on the crawl with weights (N,); return top-1 on validation after each of ``steps``.

    Multinomial logistic regression by Adam on weighted cross entropy (SINet Eq. 7), batches of 256
    rows. Rows of weight 0 are left out and the other weights are scaled to a mean of 1, so that
    any weights get the same number of steps of the same size. ``seed`` draws the initial
    parameters and the order of the rows.
    """
    torch.manual_seed(seed)
    kept = torch.from_numpy(np.flatnonzero(weight))
    scaled = torch.from_numpy(weight.astype(np.float32))
    scaled /= scaled[kept].mean()
    model = torch.nn.Linear(crawl.x.shape[1], classes)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    found = []
    for step, rows in zip(count(1), _batches(kept), strict=False):
        losses = cross_entropy(model(crawl.x[rows]), crawl.labels[rows], reduction="none")
        optimizer.zero_grad()
        (losses * scaled[rows]).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        if step in steps:
            found.append(_accuracy(model, validation))
        if step >= max(steps):
            break
    return found


def _batches(rows: torch.Tensor) -> Iterator[torch.Tensor]:
    """Give the rows in a new order, again and again."""
    while True:
        yield from torch.split(rows[torch.randperm(len(rows))], BATCH)


@torch.no_grad()
def _accuracy(model: torch.nn.Linear, samples: Samples) -> float:
    return float((model(samples.x).argmax(dim=1) == samples.labels).float().mean())
