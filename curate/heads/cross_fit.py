"""Heads that judge the rows that they have not seen: one for each fold of the rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from curate.heads.head import Head
from curate.heads.inputs import Inputs
from curate.heads.spec import make_head
from curate.heads.task import Task
from curate.heads.training import Examples, Learner, Positions
from curate.training.device import Computer
from prototypes.fit.rounds import FOLDS, fold_of

Says = Callable[[Head, Tensor, Tensor, Positions], Tensor]


@dataclass(frozen=True)
class Unjudged:
    """Rows to be judged."""

    features: NDArray[np.float16]
    """(n, D)"""
    given: Positions
    """(n, L): given labels, filled up with -1."""
    folds: Positions
    """(n,): the fold of each; -1 for rows that no head has seen."""
    own: bool
    """Whether they are of the crawl that the prototypes were made from."""


class CrossFitted(nn.Module):
    """A head for each fold, trained on the others; what a row is told depends on no label of it.

    Of another crawl, which none of them has seen, each row is judged by all: their mean.
    """

    def __init__(self, name: str, task: Task, inputs: Inputs) -> None:
        super().__init__()
        self.name, self.task, self.inputs = name, task, inputs
        self.members = nn.ModuleList(make_head(name, task, inputs.width) for _ in range(FOLDS))

    def member(self, fold: int) -> Head:
        """Return the head that has not seen the rows of a fold."""
        head = self.members[fold]
        assert isinstance(head, Head)
        return head

    def fit_member(
        self, fold: int, examples: Examples, learned: NDArray[np.bool_], computer: Computer,
        epochs: int, seed: int, advance: Callable[[int], None],
    ) -> None:  # fmt: skip
        """Train the head of a fold on the rows (n,) that it may learn from.

        The same seed makes the same head.
        """
        torch.manual_seed(seed * FOLDS + fold)
        self.members[fold] = make_head(self.name, self.task, self.inputs.width)
        self.to(computer.device)
        rows = examples.chosen(learned)
        self.member(fold).fit(
            Learner(self.task, self.inputs, rows, None, computer, epochs, seed, advance)
        )
        self.member(fold).eval()

    @torch.inference_mode()
    def each(self, rows: Unjudged, says: Says) -> NDArray[np.float32]:
        """Return says(head, x, given, chosen) (n, ·): each row's by the head of its fold.

        Rows of fold -1 are told the mean over all heads.
        """
        device = self.inputs.mean.device
        given = self.task.given(torch.from_numpy(rows.given).to(device))
        features = torch.from_numpy(rows.features).to(device)
        x = self.inputs(features, given if rows.own else torch.zeros_like(given))
        told: NDArray[np.float32] | None = None
        for fold in range(FOLDS):
            chosen = np.flatnonzero((rows.folds == fold) | (rows.folds < 0))
            at = torch.from_numpy(chosen).to(device)
            said = says(self.member(fold), x[at], given[at], chosen).float().cpu().numpy()
            told = (
                np.zeros((len(rows.folds), *said.shape[1:]), np.float32) if told is None else told
            )
            share = np.where(rows.folds[chosen] < 0, 1 / FOLDS, 1)
            told[chosen] += said * share.reshape(-1, *[1] * (said.ndim - 1))
        assert told is not None
        return told


def folds_of(features: NDArray[np.float16], bag: Positions | None) -> Positions:
    """Return the fold (n,) of rows: by features, so that equal ones share one, or by bag."""
    if bag is not None:
        return bag % FOLDS
    return fold_of(np.ascontiguousarray(features, np.float32))


def clean(head: Head, x: Tensor, given: Tensor, chosen: Positions) -> Tensor:
    """Return p(true label | image, given label)."""
    del chosen
    return head.clean(x, given)
