"""What each paper's model promises, against exact likelihoods and Bayes' rule by enumeration."""

import pytest
import torch
from torch.nn import functional

from curate.heads.confusion import as_given, by_bayes, confusion
from curate.heads.hu import ACTIVATIONS, MANY, Hu, alpha_of
from curate.heads.nmn import Nmn
from curate.heads.noisy_or import labels_of, mean_of, noisy_or, observed, posterior
from curate.heads.stage import Batch, Rows
from curate.heads.task import Task
from curate.heads.veit import Veit
from curate.heads.xiao import em_loss
from curate.heads.xiao import posterior as xiao_posterior

N, C, D = 7, 4, 5


@pytest.fixture
def numbers() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def noise(numbers: torch.Generator) -> torch.Tensor:
    """Return p(given | true, type) (3, C, C), columns that sum to 1."""
    free = torch.eye(C, dtype=torch.float64)
    wrong = torch.rand(C, C, generator=numbers, dtype=torch.float64) * (1 - free)
    return torch.stack([free, (1 - free) / (C - 1), wrong / wrong.sum(0)])


def exact_loss(
    y: torch.Tensor, z: torch.Tensor, given: torch.Tensor, noise: torch.Tensor
) -> torch.Tensor:
    """Return -log p(ỹ | x) (n,), exactly."""
    log_p = functional.log_softmax(z, 1)[:, :, None] + functional.log_softmax(y, 1)[:, None, :]
    return -(log_p + torch.einsum("nc,zck->nzk", given, noise).log()).logsumexp((1, 2))


def test_xiao_em_has_the_gradient_of_the_exact_likelihood(numbers: torch.Generator) -> None:
    given = functional.one_hot(torch.randint(C, (N,), generator=numbers), C).double()
    y = torch.randn(N, C, generator=numbers, dtype=torch.float64, requires_grad=True)
    z = torch.randn(N, 3, generator=numbers, dtype=torch.float64, requires_grad=True)
    channel = noise(numbers)
    exact = torch.autograd.grad(exact_loss(y, z, given, channel).sum(), (y, z))
    em = torch.autograd.grad(em_loss(y, z, given, channel).sum(), (y, z))
    for left, right in zip(exact, em, strict=True):
        torch.testing.assert_close(left, right)


def test_xiao_posterior_is_bayes_rule(numbers: torch.Generator) -> None:
    channel, label = noise(numbers), 2
    y, z = torch.randn(C, generator=numbers).double(), torch.randn(3, generator=numbers).double()
    joint = torch.zeros(3, C, dtype=torch.float64)
    for kind in range(3):
        for true in range(C):
            joint[kind, true] = z.softmax(0)[kind] * y.softmax(0)[true] * channel[kind, label, true]
    given = functional.one_hot(torch.tensor([label]), C).double()
    found = xiao_posterior(y[None], z[None], given, channel)[0]
    torch.testing.assert_close(found, joint / joint.sum())
    prior = xiao_posterior(y[None], z[None], torch.zeros_like(given), channel)[0]
    torch.testing.assert_close(prior.sum(0), y.softmax(0))


@pytest.mark.parametrize("task", [Task(C), Task(C, several=True), Task(C, none=True)])
def test_veit_returns_its_input_before_training(task: Task, numbers: torch.Generator) -> None:
    head = Veit(task, D).eval()
    given = functional.one_hot(torch.randint(C, (N,), generator=numbers), C).float()
    x = torch.randn(N, D, generator=numbers)
    assert torch.equal(head.g(x, given), given)
    assert torch.equal(head.clean(x, given), task.as_outputs(given))


def test_hu_without_residual_takes_noisy_labels_for_clean(numbers: torch.Generator) -> None:
    x = torch.randn(N, D, generator=numbers)
    for activation in ACTIVATIONS:
        head = Hu(Task(C, several=True), D, activation).eval()
        with torch.no_grad():
            head.r[2].weight.zero_()
            head.r[2].bias.zero_()
            torch.testing.assert_close(head.classify(x), (head.r(x) + head.y(x)).sigmoid())


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_both_nets_of_hu_have_the_activation(activation: str) -> None:
    head = Hu(Task(C), D, activation)
    for net in (head.y, head.r):
        found = [type(layer) for layer in net if type(layer) in ACTIVATIONS.values()]
        assert found == [ACTIVATIONS[activation]]


def test_hu_decides_by_bayes_rule_and_weighs_the_clean_loss(numbers: torch.Generator) -> None:
    task = Task(C)
    head = Hu(task, D).eval()
    true = functional.one_hot(torch.randint(C, (60,), generator=numbers), C).float()
    given = functional.one_hot(torch.randint(C, (60,), generator=numbers), C).float()
    known = torch.ones(60, dtype=torch.bool)
    rows = Rows(torch.randn(60, D, generator=numbers), given, true, torch.arange(60), known)
    (stage,) = head.stages(rows)
    bayes = by_bayes(task, head.classify(rows.x), given, confusion(task, given, true))
    torch.testing.assert_close(head.clean(rows.x, given), bayes)
    of_clean = task.cross_entropy(head.y(rows.x), true).mean()
    of_noise = task.cross_entropy(head.y(rows.x) + head.r(rows.x), given).mean()
    torch.testing.assert_close(stage.loss(Batch(rows, rows)), 0.2 * of_clean + of_noise)
    assert [alpha_of(MANY - 1), alpha_of(MANY)] == [0.2, 1.0]


def test_nmn_posterior_is_bayes_rule(numbers: torch.Generator) -> None:
    head = Nmn(Task(C, several=True), D, dependent=True).eval()
    x = torch.randn(N, D, generator=numbers)
    with torch.no_grad():
        head.of_x[1].weight.normal_(generator=numbers)
        p, q = head.y(x).sigmoid(), head.channel(x)
        for given in (torch.zeros(N, C), torch.ones(N, C)):
            likelihood = [q[:, j] if given[0, 0] else 1 - q[:, j] for j in (0, 1)]
            bayes = likelihood[1] * p / (likelihood[1] * p + likelihood[0] * (1 - p))
            torch.testing.assert_close(head.clean(x, given), bayes)
            alone = head.clean_in_bag(x, given, head.absent(x), head.channel(x))
            torch.testing.assert_close(alone, bayes, atol=1e-5, rtol=1e-4)


def test_nmn_in_a_bag_is_bayes_rule_over_all_rows(numbers: torch.Generator) -> None:
    p, q = torch.tensor([0.3, 0.6, 0.1]), torch.tensor([0.2, 0.9])
    joint = torch.zeros(3)
    evidence = torch.zeros(())
    for rows in torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3):
        prior = torch.where(rows > 0, p, 1 - p).prod()
        likelihood = q[1] if rows.any() else q[0]
        evidence = evidence + prior * likelihood
        joint += prior * likelihood * rows
    absent = torch.log1p(-p)[:, None]
    bag = noisy_or(absent, torch.zeros(3, dtype=torch.int64))
    torch.testing.assert_close(bag[0, 0], 1 - (1 - p).prod())
    torch.testing.assert_close(observed(bag, q[None, :, None])[0, 0], evidence)
    found = posterior(
        p[:, None], bag.expand(3, 1), q.view(1, 2, 1).expand(3, 2, 1), torch.ones(3, 1)
    )
    torch.testing.assert_close(found[:, 0], joint / evidence)


def test_nmn_towards_the_posterior_has_the_gradient_of_the_exact_likelihood(
    numbers: torch.Generator,
) -> None:
    bag = torch.tensor([0, 0, 1, 2, 1, 0, 2])
    q = torch.rand(2, C, generator=numbers, dtype=torch.float64)
    z = (torch.rand(3, C, generator=numbers) < 0.5).double()
    logits = torch.randn(N, C, generator=numbers, dtype=torch.float64, requires_grad=True)
    present = noisy_or(functional.logsigmoid(-logits), bag)
    observed_z = observed(present, q.expand(3, 2, C))
    exact = functional.binary_cross_entropy(observed_z, z, reduction="sum")
    target = posterior(logits.sigmoid(), present[bag], q.expand(N, 2, C), z[bag]).detach()
    em = functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    torch.testing.assert_close(
        torch.autograd.grad(em, logits), torch.autograd.grad(exact, logits), atol=1e-6, rtol=1e-4
    )


def test_bags_have_the_labels_of_any_row_and_the_mean_channel() -> None:
    bag = torch.tensor([0, 1, 0])
    assert labels_of(torch.tensor([[1.0, 0], [0, 0], [1, 1]]), bag).tolist() == [[1, 1], [0, 0]]
    assert mean_of(torch.tensor([[1.0], [5], [3]]), bag).tolist() == [[2], [5]]


@pytest.mark.parametrize("several", [False, True])
def test_bayes_by_confusion_is_the_joint_normalised(
    several: bool, numbers: torch.Generator
) -> None:
    task = Task(C, several)
    if several:
        given = (torch.rand(60, C, generator=numbers) < 0.4).float()
        true = (torch.rand(60, C, generator=numbers) < 0.4).float()
    else:
        given = functional.one_hot(torch.randint(C, (60,), generator=numbers), C).float()
        true = functional.one_hot(torch.randint(C, (60,), generator=numbers), C).float()
    channel = confusion(task, given, true)
    p = task.probabilities(torch.randn(60, C, generator=numbers))
    if not several:
        torch.testing.assert_close(channel.sum(1), torch.ones(C))
        expected = p * torch.stack([channel[:, label] for label in given.argmax(1)])
        expected = expected / expected.sum(1, keepdim=True)
        torch.testing.assert_close(as_given(task, p, channel).sum(1), torch.ones(60))
    else:
        one, zero = (
            torch.where(given > 0, channel[1], 1 - channel[1]),
            torch.where(given > 0, channel[0], 1 - channel[0]),
        )
        expected = one * p / (one * p + zero * (1 - p))
    torch.testing.assert_close(by_bayes(task, p, given, channel), expected)
