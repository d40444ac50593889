"""How a head is trained: batches of noisy and verified rows, until held-out rows say stop."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from curate.heads.inputs import Inputs
from curate.heads.network import in_half
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task
from curate.training.device import Computer

LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-3
EPOCHS = 8
HELD_OUT = 0.2
PATIENCE = 3
"""A stage ends after this many epochs without improvement."""
LEAST_STEPS = 80
"""Of a stage of EPOCHS on few rows: an epoch is then several passes."""
JUDGED = 4096
"""Rows at a time where nothing is trained."""

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Rows to learn from, in memory."""

    features: NDArray[np.float16]
    """(n, D)"""
    given: Positions
    """(n, L): given labels, filled up with -1."""
    true: Positions
    """(n, L'): verified labels, filled up with -1."""
    verified: NDArray[np.bool_]
    """(n,): whose labels a person has verified."""
    bag: Positions
    """(n,): rows that share a number share their given labels."""
    asked: Positions | None = None
    """(n, A): see `VerifiedRows`; None: of verified rows every class is known."""
    picture: Positions | None = None
    """(n,): rows that share a number are copies; None: no row has any."""

    def __len__(self) -> int:
        return len(self.verified)

    def chosen(self, rows: NDArray[np.bool_]) -> "Examples":
        """Keep some rows."""
        kept = {name: part[rows] for name, part in vars(self).items() if part is not None}
        return Examples(**kept)

    @property
    def pictures(self) -> Positions:
        """Number the rows (n,) by what they show."""
        return np.arange(len(self)) if self.picture is None else self.picture

    @property
    def noisy(self) -> NDArray[np.bool_]:
        """Tell of which rows (n,) some labels at least are only given."""
        partly = False if self.asked is None else (self.asked >= 0).any(axis=1)
        return np.asarray(~self.verified | partly)


@dataclass(frozen=True)
class Learner:
    """Trains a head on rows, and judges it on rows held out from them."""

    task: Task
    inputs: Inputs
    examples: Examples
    held_out: Examples | None
    """None: nothing is stopped early."""
    computer: Computer
    epochs: int
    seed: int
    advance: Callable[[int], None]
    """Called after each epoch."""
    unasked: Callable[[Tensor, Tensor], Tensor] | None = None
    """Estimates labels (n, K) by x and given labels; None: of those that nobody was asked about
    NaN is learned."""

    def holding_out(self, of: NDArray[np.bool_]) -> "Learner":
        """Hold out a share of these rows (n,), which then say when a stage is over.

        Their copies are not learned from.
        """
        pictures = self.examples.pictures
        at = np.random.default_rng(self.seed).permutation(np.unique(pictures[of]))
        out = np.isin(pictures, at[: round(HELD_OUT * len(at))])
        return replace(
            self, examples=self.examples.chosen(~out), held_out=self.examples.chosen(out & of)
        )

    def part(self, number: int, of: int) -> "tuple[Learner, NDArray[np.bool_]]":
        """Return a learner on all rows but the part of that number, and which rows those are.

        Copies are of the same part.
        """
        rng = np.random.default_rng((self.seed, of))
        pictures, shown = np.unique(self.examples.pictures, return_inverse=True)
        outside = rng.integers(of, size=len(pictures))[shown] != number
        rest = self.examples.chosen(~outside)
        judged = rest.chosen(rest.verified)
        learner = replace(self, examples=self.examples.chosen(outside), held_out=judged)
        return learner, ~outside

    @cached_property
    def verified(self) -> Rows:
        """All verified rows."""
        return self.rows(np.flatnonzero(self.examples.verified))

    def rows(self, at: Positions) -> Rows:
        """Take rows of the examples onto the device."""
        return self._rows(self.examples, at)

    @property
    def held_out_rows(self) -> Rows | None:
        """All held-out rows; None if there are none."""
        if self.held_out is None or not len(self.held_out):
            return None
        every = np.arange(len(self.held_out))
        return self._rows(self.held_out, every)

    def run(self, head: torch.nn.Module, stage: Stage, judge: Callable[[Rows], Tensor]) -> None:
        """Minimise the stage's loss; keep the parameters that ``judge`` likes best.

        ``judge``, or the stage's own, gives the loss (n,) of rows; the parameters with the least
        mean over the held-out rows are kept. Without any, the last parameters are kept.
        """
        parameters = [p for module in stage.trained for p in module.parameters()]
        batches = Batches(self.examples, stage, np.random.default_rng(self.seed))
        most = stage.rate * LEARNING_RATE
        optimizer = torch.optim.AdamW(parameters, lr=most, weight_decay=WEIGHT_DECAY)
        rate = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, most, total_steps=self.epochs * batches.steps + 1
        )
        best, kept, since = np.inf, None, 0
        if stage.judge is not None:
            judge = stage.judge
            first = self._held_out_loss(head, judge)
            if first is not None:
                best, kept = first, copy.deepcopy(head.state_dict())
        for epoch in range(self.epochs):
            head.train()
            for noisy, verified in batches.epoch():
                batch = Batch(self.rows(noisy), self.rows(verified))
                with in_half(head, self.computer.half):
                    loss = stage.loss(batch)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                rate.step()
            self.advance(1)
            judged = self._held_out_loss(head, judge)
            if judged is None:
                continue
            since += 1
            if judged < best:
                best, kept, since = judged, copy.deepcopy(head.state_dict()), 0
            if since >= PATIENCE and stage.judge is None:
                self.advance(self.epochs - epoch - 1)
                break
        if kept is not None:
            head.load_state_dict(kept)

    @torch.inference_mode()
    def _held_out_loss(
        self, head: torch.nn.Module, judge: Callable[[Rows], Tensor]
    ) -> float | None:
        """Return the mean loss of the held-out rows; None if there are none."""
        if self.held_out is None or not len(self.held_out):
            return None
        head.eval()
        total = 0.0
        for start in range(0, len(self.held_out), JUDGED):
            at = np.arange(start, min(start + JUDGED, len(self.held_out)))
            total += float(judge(self._rows(self.held_out, at)).sum())
        return total / len(self.held_out)

    def _rows(self, examples: Examples, at: Positions) -> Rows:
        def taken(part: NDArray[Any]) -> Tensor:
            return torch.from_numpy(part[at]).to(self.computer.device)

        given = self.task.given(taken(examples.given))
        x = self.inputs(taken(examples.features), given)
        asked = None if examples.asked is None else taken(examples.asked)
        true = self.task.target(taken(examples.true), asked)
        if self.unasked is not None:
            true = torch.where(true.isnan(), self.unasked(x, given), true)
        bag = torch.from_numpy(np.unique(examples.bag[at], return_inverse=True)[1])
        return Rows(x, given, true, bag.to(self.computer.device), taken(examples.verified))


class Batches:
    """Epochs of batches: the noisy rows each once, the verified ones as often as needed.

    Rows of a bag stay together; a batch of them then has about as many rows as it should. Verified
    rows are among the noisy ones where only some of their labels are verified, where every row is
    verified, and where the stage says so.
    """

    def __init__(self, examples: Examples, stage: Stage, rng: np.random.Generator) -> None:
        verified = np.flatnonzero(examples.verified)
        any_row = stage.all_rows or examples.verified.all()
        noisy = np.flatnonzero(examples.noisy | any_row)
        bags = examples.bag[noisy]
        self._noisy = _Drawn(
            noisy[np.argsort(bags, kind="stable")], np.sort(bags), stage.noisy, rng
        )
        self._verified = _Drawn(verified, verified, stage.verified, rng)
        first = self._noisy if stage.noisy else self._verified
        self.steps = max(first.steps, LEAST_STEPS // EPOCHS)

    def epoch(self) -> Iterator[tuple[Positions, Positions]]:
        """Give the positions of the noisy and of the verified rows of each batch."""
        for _ in range(self.steps):
            yield self._noisy.draw(), self._verified.draw()


class _Drawn:
    """Draws rows (n,), sorted by their ``bags`` (n,), whole bags at a time, in ever new orders."""

    def __init__(
        self, rows: Positions, bags: Positions, size: int, rng: np.random.Generator
    ) -> None:
        starts = np.flatnonzero(np.append(True, bags[1:] != bags[:-1])) if len(bags) else rows
        self._bags = np.split(rows, starts[1:]) if len(starts) < len(rows) else None
        self._rows, self._rng, self._left = rows, rng, rows[:0]
        self._size = -(-size * len(starts) // max(len(rows), 1))
        self.steps = -(-len(starts) // self._size) if self._size else 0

    def draw(self) -> Positions:
        if not self._size:
            return self._rows[:0]
        while len(self._left) < self._size:
            count = len(self._rows if self._bags is None else self._bags)
            self._left = np.append(self._left, self._rng.permutation(count))
        drawn, self._left = self._left[: self._size], self._left[self._size :]
        if self._bags is None:
            return self._rows[drawn]
        return np.concatenate([self._bags[bag] for bag in drawn])
