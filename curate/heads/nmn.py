"""Jiang et al. 2020, Learning from Noisy Labels with Noise Modeling Network (arXiv:2005.00596).

Each class's given label z is its true label y sent through a channel of its own, which is learned
from noisy rows alone, as is the classifier of y.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.head import StagedHead
from curate.heads.network import classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import LEAST, Task
from curate.heads.training import Learner

FIRST = (-4.0, 0.0)
"""Log odds of z = 1 where y is 0 and where it is 1, before a channel is trained."""
TINY = torch.finfo(torch.float32).tiny
FAST = 50.0
"""Rate at which channels are learned: few numbers, on which all rows agree."""


class Nmn(StagedHead):
    """The classifier p(y | x) and the channels q_ij = p(z = i | y = j, x) of each class.

    ``dependent``: q is a function of the features (Eq. 3), else a number of each class (Eq. 4).
    Rows that share a bag (regions of an image, frames of a video) share their given labels too: a
    class is in the bag where it is in any of its rows (noisy-or).

    Deviation: the paper trains a network towards the given labels, then network and channels
    together by the likelihood of Eq. 5. A network on frozen features learns noise by heart in the
    first stage, and leaves the channels nothing to explain. Here one step of EM on that likelihood
    takes the place of both: SINet's probabilities, which were made from the given labels too, are
    the pretrained p(y | x), of which only scale and shift are learned with the channels; then the
    network learns p(y | z, x).
    Deviation: with one label an image, its labels are taken for several of which one is given, and
    an image is of none of the classes as far as it is of no one of them.
    """

    needs_verified = False
    bags = True
    runs = 2

    def __init__(self, task: Task, features: int, dependent: bool = False) -> None:
        super().__init__(task)
        C = task.classes
        self.y = classifier(features, C)
        self.scale, self.shift = nn.Parameter(torch.ones(())), nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.tensor(FIRST)[:, None].repeat(1, C))
        """(2, C): log odds of z = 1 where y is 0 and where it is 1."""
        self.of_x = nn.Linear(features - C, 2 * C, bias=False) if dependent else None
        if self.of_x is not None:
            nn.init.zeros_(self.of_x.weight)
            self.runs = 3

    def fit(self, learner: Learner) -> None:
        """Learn the channels, which nothing need stop early; then y."""
        numbers = nn.ParameterList([self.scale, self.shift, self.bias])
        stages = [Stage(self._loss, (numbers,), noisy=256, rate=FAST)]
        if self.of_x is not None:
            stages.append(Stage(self._loss, (self.of_x,), noisy=256))
        for stage in stages:
            learner.run(self, stage, self.held_out_loss)
        super().fit(learner)

    def stages(self, verified: Rows) -> list[Stage]:
        """Train y towards p(y | z, x), by SINet's p(y | x) and the channels."""
        del verified
        return [Stage(self._towards_target, (self.y,), noisy=256)]

    def absent_by_sinet(self, x: Tensor) -> Tensor:
        """Return log p(y = 0 | x) (n, C), by SINet's probabilities scaled and shifted."""
        log_p = x[:, -self.task.classes :].clamp(max=-LEAST)
        odds = log_p - torch.log1p(-log_p.exp())
        return functional.logsigmoid(-self.scale * odds - self.shift)

    def channel(self, x: Tensor) -> Tensor:
        """Return q_1j = p(z = 1 | y = j, x): (n, 2, C)."""
        logits = self.bias.expand(len(x), -1, -1)
        if self.of_x is not None:
            logits = logits + self.of_x(x[:, : -self.task.classes]).view(logits.shape)
        return logits.sigmoid()

    def classify(self, x: Tensor) -> Tensor:
        """Return p(y = 1 | x) of each class."""
        return self._as_outputs(self.y(x).sigmoid())

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(y = 1 | z, x) of each class, by Bayes' rule."""
        present = self.y(x).sigmoid()
        cleaned = posterior(present, present, self.channel(x), given)
        return self._as_outputs(self._where_labelled(given, cleaned, present))

    def absent(self, x: Tensor) -> Tensor:
        """Return log p(y = 0 | x) (n, C); over the rows of a bag it adds up."""
        return functional.logsigmoid(-self.y(x))

    def clean_in_bag(self, x: Tensor, given: Tensor, absent: Tensor) -> Tensor:
        """Return p(y = 1 | z, x) of rows in bags; ``absent`` (n, C) is the sum over each's bag."""
        present, bag = self.y(x).sigmoid(), 1 - absent.exp()
        cleaned = posterior(present, bag, self.channel(x), given)
        return self._as_outputs(self._where_labelled(given, cleaned, present))

    @torch.no_grad()
    def target(self, rows: Rows) -> Tensor:
        """Return p(y = 1 | z, x) (n, C) of rows in whole bags, by SINet's p(y | x)."""
        absent = self.absent_by_sinet(rows.x)
        bag, given = noisy_or(absent, rows.bag), labels_of(rows.given, rows.bag)
        q = self.channel(rows.x)
        return posterior(1 - absent.exp(), bag[rows.bag], q, given[rows.bag])

    def _towards_target(self, batch: Batch) -> Tensor:
        """Return the M step's loss; its gradient is Eq. 5's where y itself made the target."""
        rows = batch.noisy
        return _cross_entropy(self.y(rows.x).sigmoid(), self.target(rows)).mean()

    def _loss(self, batch: Batch) -> Tensor:
        rows = batch.noisy
        present = noisy_or(self.absent_by_sinet(rows.x), rows.bag)
        q = mean_of(self.channel(rows.x), rows.bag)
        return _cross_entropy(observed(present, q), labels_of(rows.given, rows.bag)).mean()

    def _where_labelled(self, given: Tensor, cleaned: Tensor, present: Tensor) -> Tensor:
        """Take ``cleaned`` (n, C) but where one label should be given (n, C) and none is."""
        if self.task.several:
            return cleaned
        return torch.where(given.any(1, keepdim=True), cleaned, present)

    def _as_outputs(self, present: Tensor) -> Tensor:
        """Make probabilities (n, K) of those of each class (n, C); new classes it does not know."""
        return self.task.shares(functional.pad(present, (0, self.task.new)))


def observed(present: Tensor, q: Tensor) -> Tensor:
    """Return p(z = 1 | x) (n, C), Eq. 5, by p(y = 1 | x) (n, C) and q_1j (n, 2, C)."""
    return q[:, 1] * present + q[:, 0] * (1 - present)


def posterior(present: Tensor, bag: Tensor, q: Tensor, given: Tensor) -> Tensor:
    """Return p(y = 1 | z, x) (n, C) of a row, by Bayes' rule.

    ``present`` is the row's p(y = 1 | x), ``bag`` that of its bag, the same for a row alone, q
    is q_1j (n, 2, C) and ``given`` the bag's z. Where y is in the row, it is in the bag.
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


def _cross_entropy(p: Tensor, target: Tensor) -> Tensor:
    """Return the cross entropy (n,) of labels (n, C) under p(1) (n, C), summed over classes."""
    p = p.clamp(LEAST, 1 - LEAST)
    return -(target * p.log() + (1 - target) * (1 - p).log()).sum(1)
