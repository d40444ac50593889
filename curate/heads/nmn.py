"""Jiang et al. 2020, Learning from Noisy Labels with Noise Modeling Network (arXiv:2005.00596).

Each class's given label z is its true label y sent through a channel of its own. Channels and the
classifier of y are learned from noisy rows, and from verified ones where there are any.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from curate.heads.head import StagedHead
from curate.heads.inputs import features_alone, log_p
from curate.heads.network import classifier
from curate.heads.noisy_or import labels_of, mean_of, noisy_or, observed, posterior
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import LEAST, Task, sum_of_known, without_nan
from curate.heads.training import Learner

FIRST = (-4.0, 0.0)
"""Log odds of z = 1 where y is 0 and where it is 1, before a channel is trained."""
FIRST_OF_TWO_STAGES = (-2.944, 2.944)
"""The same where the classifier first learns z itself: q_10 = q_01 = .05, as in Figure 3."""
CERTAIN = 30.0
"""-log p(y = 0 | x) of a class that a person has seen in the row."""
VERIFIED = 32
"""Rows of a batch that a person has verified, beside 256 others."""
FAST = 50.0
"""Rate at which channels are learned: few numbers, on which all rows agree."""
SLOW = 0.2
"""Rate at which they learn to depend on features: many numbers, which at a rate of 1 explain the
noise of single rows (10,000 rows of CIFAR-10N, one seed: labels right .869 for .865)."""


class Nmn(StagedHead):
    """The classifier p(y | x) and the channels q_ij = p(z = i | y = j, x) of each class.

    ``dependent``: q is a function of the features (Eq. 3), else a number of each class (Eq. 4).
    Rows that share a bag (regions of an image, frames of a video) share their given labels too: a
    class is in the bag where it is in any of its rows (noisy-or), and q of the bag is the mean of
    its rows' q. The y of a verified row is known, in its bag too.

    ``two_stages``: the paper's own training. The classifier learns the given labels, then
    classifier and channels learn together by the likelihood of Eq. 5.
    Deviation without it: a network on frozen features memorises noise in the first stage, and
    leaves the channels nothing to explain. One step of EM on the likelihood takes the place of both
    stages: SINet's probabilities, which were made from the given labels too, are the pretrained
    p(y | x), of which only scale and shift are learned with the channels; then the network learns
    p(y | z, x).
    Deviation: with one label an image, its labels are taken for several of which one is given, and
    an image is of none of the classes as far as it is of no one of them.
    """

    needs_verified = False
    bags = True

    def __init__(
        self, task: Task, features: int, dependent: bool = False, two_stages: bool = False
    ) -> None:
        super().__init__(task)
        C = task.classes
        self.two_stages = two_stages
        self.runs = 2 if two_stages or not dependent else 3
        self.y = classifier(features, C)
        self.scale, self.shift = nn.Parameter(torch.ones(())), nn.Parameter(torch.zeros(()))
        first = torch.tensor(FIRST_OF_TWO_STAGES if two_stages else FIRST)
        self.bias = nn.Parameter(first[:, None].repeat(1, C))
        """(2, C): log odds of z = 1 where y is 0 and where it is 1, for an average image."""
        self.of_x = _linear(features - C, 2 * C) if dependent else None

    def fit(self, learner: Learner) -> None:
        """Train stage by stage; nothing is held out, so that bags stay whole."""
        self.run_stages(learner)

    def stages(self, verified: Rows) -> list[Stage]:
        """Learn the channels, then y by them; or y and then both, where there are two stages."""
        channel = [nn.ParameterList([self.bias]), *([] if self.of_x is None else [self.of_x])]
        few = nn.ParameterList([self.scale, self.shift, self.bias])
        some = VERIFIED if len(verified.x) else 0
        if self.two_stages:
            return [
                Stage(self._towards_given, [self.y], 256, some, all_rows=True),
                Stage(self._loss_of_y, [self.y, *channel], 256, some, all_rows=True),
            ]
        stages = [Stage(self._loss_by_sinet, [few], 256, rate=FAST, all_rows=True)]
        if self.of_x is not None:
            stages.append(Stage(self._loss_by_sinet, [self.of_x], 256, rate=SLOW, all_rows=True))
        return [*stages, Stage(self._towards_target, [self.y], 256, some, all_rows=True)]

    def absent_by_sinet(self, x: Tensor) -> Tensor:
        """Return log p(y = 0 | x) (n, C), by SINet's probabilities scaled and shifted."""
        of_sinet = log_p(x, self.task.classes).clamp(max=-LEAST)
        odds = of_sinet - torch.log1p(-of_sinet.exp())
        return functional.logsigmoid(-self.scale * odds - self.shift)

    def channel(self, x: Tensor) -> Tensor:
        """Return q_1j = p(z = 1 | y = j, x): (n, 2, C)."""
        logits = self.bias.expand(len(x), -1, -1)
        if self.of_x is not None:
            logits = logits + self.of_x(features_alone(x, self.task.classes)).view(logits.shape)
        return logits.sigmoid()

    def classify(self, x: Tensor) -> Tensor:
        """Return p(y = 1 | x) of each class."""
        return self._as_outputs(self.y(x).sigmoid())

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(y = 1 | z, x) of each class, by Bayes' rule."""
        return self.clean_in_bag(x, given, self.absent(x), self.channel(x))

    def absent(self, x: Tensor) -> Tensor:
        """Return log p(y = 0 | x) (n, C); over the rows of a bag it adds up."""
        return functional.logsigmoid(-self.y(x))

    def clean_in_bag(self, x: Tensor, given: Tensor, absent: Tensor, q: Tensor) -> Tensor:
        """Return p(y = 1 | z, x) of rows in bags.

        Of the bag of each row: ``given`` labels (n, C), the sum of `absent` (n, C), and the mean of
        `channel` (n, 2, C).
        """
        present = self.y(x).sigmoid()
        cleaned = posterior(present, 1 - absent.exp(), q, given)
        return self._as_outputs(torch.where(self._is_labelled(given)[:, None], cleaned, present))

    def bag_label(self, given: Tensor, absent: Tensor, q: Tensor) -> Tensor:
        """Return p(a class is in the bag | z, x) (B, K), by noisy-or; as `clean_in_bag`."""
        present = 1 - absent.exp()
        cleaned = posterior(present, present, q, given)
        return self._as_outputs(torch.where(self._is_labelled(given)[:, None], cleaned, present))

    @torch.no_grad()
    def target(self, rows: Rows) -> Tensor:
        """Return p(y = 1 | z, x) (n, C) of rows in whole bags, by SINet's p(y | x).

        Of verified labels, what a person has said.
        """
        absent = self._as_verified(self.absent_by_sinet(rows.x), rows)
        bag, given = noisy_or(absent, rows.bag), labels_of(rows.given, rows.bag)
        q, present = mean_of(self.channel(rows.x), rows.bag), 1 - absent.exp()
        cleaned = posterior(present, bag[rows.bag], q[rows.bag], given[rows.bag])
        use = self._is_labelled(given)[rows.bag, None] & ~self._is_known(rows)
        return torch.where(use, cleaned, present)

    def _towards_target(self, batch: Batch) -> Tensor:
        """Return the M step's loss; its gradient is Eq. 5's where y itself made the target."""
        noisy, verified = batch
        x = torch.cat([noisy.x, verified.x])
        target = torch.cat([self.target(noisy), self._true(verified)])
        return _cross_entropy(self.y(x).sigmoid(), target).mean()

    def _towards_given(self, batch: Batch) -> Tensor:
        """Return the first of two stages' loss: the bag's labels are taken for true."""
        same = torch.tensor([0.0, 1.0], device=batch.noisy.x.device)[None, :, None]
        return self._likelihood(batch, self.absent, lambda x: same.expand(len(x), 2, 1))

    def _loss_of_y(self, batch: Batch) -> Tensor:
        return self._likelihood(batch, self.absent, self.channel)

    def _loss_by_sinet(self, batch: Batch) -> Tensor:
        return self._likelihood(batch, self.absent_by_sinet, self.channel)

    def _likelihood(
        self, batch: Batch, absent_of: Callable[[Tensor], Tensor], q_of: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Return -log p(z | x), Eq. 5, a bag, and -log p(y | x) a verified row."""
        rows = batch.noisy
        both = torch.cat([rows.x, batch.verified.x])
        absent = absent_of(both)
        bag = noisy_or(self._as_verified(absent[: len(rows.x)], rows), rows.bag)
        given, q = labels_of(rows.given, rows.bag), mean_of(q_of(rows.x), rows.bag)
        labelled = self._is_labelled(given)
        loss = _cross_entropy(observed(bag, q), given)[labelled].sum()
        is_verified = torch.cat([rows.is_verified, batch.verified.is_verified])
        true = torch.cat([self._true(rows), self._true(batch.verified)])
        known = _cross_entropy(1 - absent.exp(), true)[is_verified].sum()
        return (loss + known) / (labelled.sum() + is_verified.sum()).clamp(min=1)

    def _as_verified(self, absent: Tensor, rows: Rows) -> Tensor:
        """Take log p(y = 0 | x) (n, C) but where a person has said what y is."""
        return torch.where(self._is_known(rows), -CERTAIN * self._true(rows), absent)

    def _is_known(self, rows: Rows) -> Tensor:
        """Tell of which labels (n, C) a person has said what they are."""
        return rows.is_verified[:, None] & ~self._true(rows).isnan()

    def _true(self, rows: Rows) -> Tensor:
        """Return the verified labels (n, C), NaN where a person was not asked."""
        return rows.true[:, : self.task.classes]

    def _is_labelled(self, given: Tensor) -> Tensor:
        """Tell where (n,) given labels (n, C) say anything: none does where one should be given."""
        return given.any(1) | self.task.several

    def _as_outputs(self, present: Tensor) -> Tensor:
        """Make probabilities (n, K) of those of each class (n, C); new classes it does not know."""
        return self.task.shares(functional.pad(present, (0, self.task.new)))


def _linear(features: int, outputs: int) -> nn.Sequential:
    """Make a linear map of scaled features that starts at 0; 0 is also its value on average."""
    linear = nn.Linear(features, outputs, bias=False)
    nn.init.zeros_(linear.weight)
    return nn.Sequential(nn.BatchNorm1d(features, affine=False), linear)


def _cross_entropy(p: Tensor, target: Tensor) -> Tensor:
    """Return the cross entropy (n,) of labels (n, C) under p(1) (n, C), summed over classes.

    Labels that are NaN do not count.
    """
    p = p.clamp(LEAST, 1 - LEAST)
    label = without_nan(target)
    return sum_of_known(-(label * p.log() + (1 - label) * (1 - p).log()), target)
