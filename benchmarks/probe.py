"""A linear classifier trained with a weight for every sample."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

BATCH = 256
LEARNING_RATE = 3e-4
"""Of Adam, constant."""

FINE_STEPS, FINE_RATE = 500, LEARNING_RATE / 10
"""Of fine-tuning. At the full rate it lost .044 on tinyweb with 1,700 verified rows."""
TOP = 5

Weight = NDArray[np.floating[Any]]
Accuracy = tuple[float, float]
"""Top-1 and top-5."""


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
    then: Weight | None = None,
) -> list[Accuracy]:
    """Train on the crawl with weights (N,); return accuracy on validation after each of ``steps``.

    Multinomial logistic regression by Adam on weighted cross entropy (SINet Eq. 7), batches of 256
    rows. Rows of weight 0 are left out and the other weights are scaled to a mean of 1, so that
    any weights get the same number of steps of the same size. ``seed`` draws the initial
    parameters and the order of the rows. With weights ``then`` (N,), the classifier is trained on
    for `FINE_STEPS` steps with those at a tenth of the rate, as if fine-tuned, and one more
    accuracy is returned.
    """
    torch.manual_seed(seed)
    model = torch.nn.Linear(crawl.x.shape[1], classes)
    found = []
    for step in _train(model, crawl, weight, max(steps), LEARNING_RATE):
        if step in steps:
            found.append(_accuracy(model, validation))
    if then is not None:
        for _ in _train(model, crawl, then, FINE_STEPS, FINE_RATE):
            pass
        found.append(_accuracy(model, validation))
    return found


def _train(
    model: torch.nn.Linear, crawl: Samples, weight: Weight, steps: int, rate: float
) -> Iterator[int]:
    """Take so many steps; give the number of each, from 1, when it is taken."""
    kept = torch.from_numpy(np.flatnonzero(weight))
    scaled = torch.from_numpy(weight.astype(np.float32))
    scaled /= scaled[kept].mean()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    for step, rows in zip(range(1, steps + 1), _batches(kept), strict=False):
        losses = cross_entropy(model(crawl.x[rows]), crawl.labels[rows], reduction="none")
        optimizer.zero_grad()
        (losses * scaled[rows]).mean().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        yield step


def _batches(rows: torch.Tensor) -> Iterator[torch.Tensor]:
    """Give the rows in a new order, again and again."""
    while True:
        yield from torch.split(rows[torch.randperm(len(rows))], BATCH)


@torch.no_grad()
def _accuracy(model: torch.nn.Linear, samples: Samples) -> Accuracy:
    logits = model(samples.x)
    ranked = logits.topk(min(TOP, logits.shape[1])).indices
    hits = ranked == samples.labels[:, None]
    return float(hits[:, 0].float().mean()), float(hits.any(dim=1).float().mean())
