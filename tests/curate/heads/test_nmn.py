"""The Noise Modeling Network: bags with verified rows, channels on features, two stages."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from curate.heads.apply import Bags, HeadOnRun
from curate.heads.cross_fit import CrossFitted
from curate.heads.folds import Folds
from curate.heads.inputs import Inputs
from curate.heads.learned import VerifiedRows
from curate.heads.nmn import Nmn
from curate.heads.rates import channel_rates
from curate.heads.side_tables import bag_labels
from curate.heads.stage import Batch, Rows
from curate.heads.task import Task
from curate.heads.training import Examples, Learner
from curate.training.device import Computer

from .conftest import CLASSES, Known

CPU = Computer(torch.device("cpu"), None)


def fitted(crawl: Known, examples: Examples, epochs: int = 8, **options: bool) -> Nmn:
    torch.manual_seed(0)
    task = Task(CLASSES, several=True)
    head = Nmn(task, crawl.inputs.width, **options)
    head.fit(Learner(task, crawl.inputs, examples, None, CPU, epochs, 0, lambda _: None))
    return head.eval()


def some_rows(verified: list[bool]) -> Rows:
    """Return rows of two bags, of which each third row is alone."""
    n = len(verified)
    log_p = torch.log_softmax(torch.randn(n, 3), 1)
    given, true = (torch.rand(2, n, 3) < 0.4).float()
    x = torch.cat([torch.randn(n, 8), log_p], 1)
    bag = torch.tensor([0, 0, 1, 2, 2, 2])[:n]
    return Rows(x, given, true * torch.tensor(verified)[:, None], bag, torch.tensor(verified))


@pytest.mark.parametrize("dependent", [False, True])
def test_the_target_of_a_bag_is_the_sum_over_all_that_its_rows_may_show(dependent: bool) -> None:
    torch.manual_seed(1)
    head = Nmn(Task(3, several=True), 11, dependent).eval()
    if head.of_x is not None:
        torch.nn.init.normal_(head.of_x[1].weight)
    rows = some_rows([False, True, False, False, True, False])
    found = head.target(rows)
    with torch.no_grad():
        p, q = 1 - head.absent_by_sinet(rows.x).exp(), head.channel(rows.x)
    for bag in range(3):
        at = torch.nonzero(rows.bag == bag)[:, 0]
        for c in range(3):
            z, joint, evidence = rows.given[at, c].max(), torch.zeros(len(at)), torch.zeros(())
            for y in torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(at)).view(-1, len(at)):
                if (y != rows.true[at, c])[rows.is_verified[at]].any():
                    continue
                prior = torch.where(y > 0, p[at, c], 1 - p[at, c])[~rows.is_verified[at]].prod()
                of_bag = q[at, int(y.any()), c].mean()
                likelihood = prior * (of_bag if z else 1 - of_bag)
                joint, evidence = joint + likelihood * y, evidence + likelihood
            torch.testing.assert_close(found[at, c], joint / evidence, atol=1e-4, rtol=1e-3)


def test_a_verified_row_teaches_its_channel_and_a_row_without_a_given_label_does_not() -> None:
    torch.manual_seed(2)
    head = Nmn(Task(3), 11)
    rows = some_rows([True, True, True, False])
    alone = rows._replace(bag=torch.arange(4), given=rows.given.clone())
    alone.given[0], alone.given[3] = 0, 0
    alone.given[1, 0], alone.given[2, 1] = 1, 1
    loss = head._loss_by_sinet(Batch(alone, Rows(*(part[:0] for part in alone))))
    loss.backward()
    q, present = head.bias.sigmoid(), 1 - head.absent_by_sinet(alone.x).exp()
    of_z = torch.stack([q[alone.true[i].long(), torch.arange(3)] for i in (1, 2)])
    z, y = alone.given[1:3], alone.true[:3]
    slow = -(z * of_z.log() + (1 - z) * (1 - of_z).log()).sum()
    slow = slow - (y * present[:3].log() + (1 - y) * (1 - present[:3]).log()).sum()
    torch.testing.assert_close(loss, slow / 5, atol=1e-3, rtol=1e-3)


def test_channels_on_features_differ_between_rows(several_labels: Known) -> None:
    """Labels are missing where a sum of features is above its median, and nowhere else."""
    examples = several_labels.examples
    sums = examples.features @ np.resize([1, -1], examples.features.shape[1])
    missing = sums > np.median(sums)
    given = np.where(missing[:, None], -1, several_labels.true)
    head = fitted(several_labels, replace(examples, given=given), 40, dependent=True)
    zeros = torch.zeros(len(given), CLASSES)
    with torch.no_grad():
        q = head.channel(several_labels.inputs(torch.from_numpy(examples.features), zeros))[:, 1]
    assert q[~missing].mean() > q[missing].mean() + 0.06


@pytest.mark.parametrize("dependent", [False, True])
def test_two_stages_learn_classifier_and_channels_together(
    dependent: bool, several_labels: Known
) -> None:
    head = fitted(several_labels, several_labels.examples, two_stages=True, dependent=dependent)
    before = Nmn(head.task, several_labels.inputs.width, two_stages=True)
    assert not torch.equal(head.bias, before.bias)
    assert torch.equal(head.scale, before.scale)


def test_rates_are_the_members_mean_channels_and_other_heads_have_none() -> None:
    inputs = Inputs(8, 4, 3, 1, 1)
    head = CrossFitted("nmn", Task(3, new=1), inputs)
    with torch.no_grad():
        for fold, q in enumerate((0.1, 0.3, 0.5, 0.7, 0.9)):
            member = head.member(fold)
            assert isinstance(member, Nmn)
            member.bias[0] = torch.tensor([0.01, 0.02, 0.03]).logit()
            member.bias[1] = torch.tensor(q).logit()
    rates = channel_rates(head, tuple("abcd"))
    assert rates is not None
    assert rates["class"].to_list() == ["a", "b", "c"]
    np.testing.assert_allclose(rates["missing"], [0.5, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(rates["wrongly_given"], [0.01, 0.02, 0.03], atol=1e-6)
    assert channel_rates(CrossFitted("stack", Task(3, new=1), inputs), tuple("abcd")) is None


def test_a_bag_has_what_its_rows_have_by_noisy_or_and_what_a_person_has_seen_there() -> None:
    head = CrossFitted("nmn", Task(3, several=True), Inputs(8, 4, 3, 1, 0)).eval()
    absent = torch.tensor([[0.9, 0.2, 0.5], [0.3, 0.6, 0.99]]).log().numpy()
    given = np.array([[0, 1, 0], [1, 0, 0]], np.float32)
    q = np.tile(np.array([0.1, 0.8], np.float32)[None, :, None], (2, 1, 3))
    bag = np.array([0, 0, 1])
    verified = VerifiedRows(np.array([2]), np.array([[2]]), ("a", "b", "c"))
    applied = HeadOnRun(head, None, verified, True, Folds(None, bag), Bags(bag, absent, given, q))
    of_z = [np.where(given > 0, q[:, j], 1 - q[:, j]) for j in (0, 1)]
    present = 1 - np.exp(absent)
    expected = of_z[1] * present / (of_z[1] * present + of_z[0] * (1 - present))
    expected[1, 2] = 1
    np.testing.assert_allclose(applied.bag_probabilities(), expected, atol=1e-5)
    labels = bag_labels(applied, pl.Series(["x", "x", None]), ("a", "b", "c"))
    assert labels["bag"].unique().to_list() == ["x"]
    assert labels["label"].to_list()[0] == "b"
