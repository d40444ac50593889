"""The training loop: weighted cross entropy with targets that are refreshed between epochs."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from curate.training.augment import augmented
from curate.training.checkpoint import Checkpoints, Position
from curate.training.device import Computer
from curate.training.loss import soft_target, weighted_cross_entropy
from curate.training.network import Network
from curate.training.pictures import StoredPictures
from curate.training.plan import Plan
from curate.training.targets import Targets

SEED = 0
SMOOTHING = 0.1
"""Share of every target that is spread evenly over all classes."""
MOMENTUM = 0.9
RISE = 0.2
"""Share of the steps in which the learning rate rises; then it falls to 0."""
AVERAGE = 1 / 25
"""The averaged network is a moving average over this share of all steps."""
TRAIN, HOLD_OUT = 0, 1

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Recipe:
    """How an architecture is optimised: SGD for the small network, AdamW for any other."""

    optimizer: str
    learning_rate: float
    weight_decay: float


@dataclass(frozen=True)
class TrainingSet:
    """What is trained on."""

    pictures: StoredPictures
    labels: NDArray[np.int32]
    """(N,), -1 for rows that are not used."""
    train: Rows
    held_out: Rows


def split_rows(labels: NDArray[np.int32], held_out: int) -> tuple[Rows, Rows]:
    """Choose which labelled rows are trained on and which are held out, both ascending."""
    rows = np.random.default_rng((SEED, HOLD_OUT)).permutation(np.flatnonzero(labels >= 0))
    return np.sort(rows[held_out:]), np.sort(rows[:held_out])


class Training:
    """A network in training: the network, its average, the best average, and the optimiser."""

    def __init__(
        self, network: Network, recipe: Recipe, plan: Plan, crawl: TrainingSet, computer: Computer
    ) -> None:
        self._computer, self._plan, self._crawl = computer, plan, crawl
        self._network = network.onto(computer.device)
        self.average = copy.deepcopy(self._network).eval()
        self._best = copy.deepcopy(self.average)
        self._steps = plan.steps(len(crawl.train) + len(crawl.held_out))
        self._optimizer = _optimizer(self._network, recipe)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, self._rate)

    def run(
        self,
        checkpoints: Callable[[dict[str, object]], Checkpoints],
        targets: Callable[[int, Network], Targets],
        advance: Callable[[int], None],
    ) -> Network:
        """Train to the end, or until held-out labels fit no better; return the best average.

        ``targets(epoch, average)`` gives the targets from that epoch on; it is called at the start
        of each epoch.
        """
        saved = checkpoints(
            {
                "network": self._network,
                "average": self.average,
                "best": self._best,
                "optimizer": self._optimizer,
                "schedule": self._schedule,
            }
        )
        position = saved.restore()
        advance((position.epoch * self._steps + position.step) * self._plan.batch_size)
        while position.epoch < self._plan.epochs and not self._is_over(position):
            towards = targets(position.epoch, self.average)
            self._train_epoch(position, towards, saved, advance)
            self._judge(position)
            position.epoch, position.step = position.epoch + 1, 0
            saved.save(position)
        return self._best

    def _train_epoch(
        self,
        position: Position,
        targets: Targets,
        saved: Checkpoints,
        advance: Callable[[int], None],
    ) -> None:
        order = np.random.default_rng((SEED, TRAIN, position.epoch)).permutation(self._crawl.train)
        self._network.train()
        for step in range(position.step, self._steps):
            rows = np.sort(order[step * self._plan.batch_size :][: self._plan.batch_size])
            self._train_batch(rows, targets, (SEED, TRAIN, position.epoch, step))
            position.step = step + 1
            advance(len(rows))
            saved.save_now_and_then(position)

    def _train_batch(self, rows: Rows, targets: Targets, seed: tuple[int, ...]) -> None:
        torch.manual_seed(int(np.random.default_rng(seed).integers(2**63)))  # of dropout
        pictures = augmented(self._crawl.pictures.take(rows), np.random.default_rng(seed))
        device = self._computer.device
        with self._computer.autocast():
            logits = self._network(torch.from_numpy(pictures).to(device))
        target = soft_target(
            torch.from_numpy(targets.classes[rows].astype(np.int64)).to(device),
            torch.from_numpy(targets.shares[rows]).to(device),
            logits.shape[1],
        )
        weights = torch.from_numpy(targets.weights[rows]).to(device)
        loss = weighted_cross_entropy(logits, target, weights, SMOOTHING)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()
        self._schedule.step()
        self._follow()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the network; in the first steps it follows closely."""
        steps = self._schedule.last_epoch
        share = max(1 / (AVERAGE * self._steps * self._plan.epochs), 9 / (steps + 9))
        states = zip(
            self._network.state_dict().values(), self.average.state_dict().values(), strict=True
        )
        for now, average in states:
            if average.dtype.is_floating_point:
                average.lerp_(now, min(share, 1.0))
            else:
                average.copy_(now)

    def _judge(self, position: Position) -> None:
        """Keep the average as the best, unless it agrees less with the held-out labels.

        A difference of up to a standard error does not count. A network that begins to memorise
        wrong labels agrees less with labels that it has not seen, whatever share of them is wrong.
        """
        agreement, error = self._agreement()
        if agreement >= position.best_agreement - error:
            self._best.load_state_dict(self.average.state_dict())
            position.best_epoch = position.epoch
            position.best_agreement = max(agreement, position.best_agreement)

    def _is_over(self, position: Position) -> bool:
        return position.epoch - position.best_epoch > max(self._plan.epochs // PATIENCE, 2)

    @torch.inference_mode()
    def _agreement(self) -> tuple[float, float]:
        """Return the share of held-out labels that the average predicts, and its standard error."""
        rows, hits = self._crawl.held_out, 0
        if not len(rows):
            return 0.0, 0.0
        for start in range(0, len(rows), self._plan.batch_size):
            part = rows[start : start + self._plan.batch_size]
            pictures = torch.from_numpy(self._crawl.pictures.take(part))
            with self._computer.autocast():
                logits = self.average(pictures.to(self._computer.device))
            hits += int((logits.argmax(1).cpu().numpy() == self._crawl.labels[part]).sum())
        share = hits / len(rows)
        return share, float(np.sqrt(share * (1 - share) / len(rows)))

    def _rate(self, step: int) -> float:
        total = self._steps * self._plan.epochs
        return min((step + 1) / (RISE * total), max(total - step, 0) / ((1 - RISE) * total))


PATIENCE = 3
"""Training ends after a third of all epochs without a better network."""


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    """Make the optimiser; biases and scales (one axis) have no weight decay."""
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": recipe.weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, momentum=MOMENTUM, nesterov=True)
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)
