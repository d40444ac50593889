"""Veit's cleaning network: what it is before training, and that it can learn."""

import torch

from curate.heads.stage import Batch, Rows
from curate.heads.task import Task
from curate.heads.veit import Veit

CLASSES, FEATURES, N = 5, 7, 12


def rows(seed: int) -> Rows:
    made = torch.Generator().manual_seed(seed)
    given, true = (
        torch.eye(CLASSES)[torch.randint(CLASSES, (N,), generator=made)] for _ in range(2)
    )
    x = torch.randn(N, FEATURES + CLASSES, generator=made)
    return Rows(x, given, true, torch.arange(N), torch.ones(N, dtype=torch.bool))


def test_before_training_labels_stay_as_they_are_given() -> None:
    head, crawl = Veit(Task(CLASSES), FEATURES + CLASSES).eval(), rows(0)
    assert torch.equal(head.g(crawl.x, crawl.given), crawl.given)
    assert torch.equal(head.clean(crawl.x, crawl.given), crawl.given)


def test_wrong_labels_have_a_gradient_at_the_bounds_of_the_clip() -> None:
    head, crawl = Veit(Task(CLASSES), FEATURES + CLASSES), rows(1)
    head.stages(crawl)[0].loss(Batch(crawl, crawl)).backward()
    assert head.residual.weight.grad is not None
    assert head.residual.weight.grad.abs().max() > 0


def test_cleaned_labels_stay_within_bounds() -> None:
    head, crawl = Veit(Task(CLASSES), FEATURES + CLASSES), rows(2)
    torch.nn.init.normal_(head.residual.weight, std=10)
    cleaned = head.g(crawl.x, crawl.given)
    assert cleaned.min() == 0
    assert cleaned.max() == 1


def test_a_cleaner_that_errs_is_not_sure() -> None:
    head, crawl = Veit(Task(CLASSES), FEATURES + CLASSES).eval(), rows(3)
    head.error.fill_(0.2)
    p = head.clean(crawl.x, crawl.given)
    assert p.max() < 1
    torch.testing.assert_close(p, 0.8 * crawl.given + 0.2 * head.classify(crawl.x))
    torch.testing.assert_close(p.sum(1), torch.ones(N))
