"""Rows without a given label, and given labels of which nothing is known."""

from dataclasses import replace

import numpy as np
import torch

from curate.heads.confusion import by_bayes, confusion
from curate.heads.cross_fit import CrossFitted, folds_of
from curate.heads.label_sets import label_sets, settled
from curate.heads.stage import Batch, Rows
from curate.heads.task import Task
from curate.heads.training import Examples
from curate.heads.xiao import Xiao

from .conftest import CLASSES, Known
from .test_heads import CPU


def without_labels(crawl: Known) -> Examples:
    """Take the given label away from half of the rows."""
    bare = np.random.default_rng(1).random(len(crawl.true)) < 0.5
    return replace(crawl.examples, given=np.where(bare[:, None], -1, crawl.examples.given))


def fitted_xiao(crawl: Known, examples: Examples) -> Xiao:
    head = CrossFitted("xiao", Task(CLASSES), crawl.inputs)
    folds = folds_of(examples.features, None)
    head.fit_member(0, examples, folds != 0, CPU, 2, 0, lambda _: None)
    member = head.member(0)
    assert isinstance(member, Xiao)
    return member


def test_xiao_counts_noise_on_rows_that_were_given_a_label(one_label: Known) -> None:
    task, rng = Task(CLASSES), np.random.default_rng(0)
    true = rng.integers(CLASSES, size=40)
    # All wrong labels are those of the next class; a row without one must not count as class 0.
    given = torch.eye(CLASSES)[(true + (rng.random(40) < 0.5)) % CLASSES]
    given[::3] = 0
    labelled = given.any(1)
    x, truth, bag = torch.zeros(40, 8), torch.eye(CLASSES)[true], torch.arange(40)
    of_all, of_labelled = Xiao(task, 8), Xiao(task, 8)
    of_all.stages(Rows(x, given, truth, bag, torch.ones(40, dtype=torch.bool)))
    some = (x[labelled], given[labelled], truth[labelled], bag[labelled])
    of_labelled.stages(Rows(*some, torch.ones(len(some[0]), dtype=torch.bool)))
    torch.testing.assert_close(of_all.noise, of_labelled.noise)
    torch.testing.assert_close(of_all.types, of_labelled.types)
    next_class = torch.roll(torch.eye(CLASSES), 1, 0)
    assert not of_all.noise[2][next_class == 0].any()
    assert torch.isfinite(fitted_xiao(one_label, without_labels(one_label)).noise).all()


def test_xiao_learns_from_verified_rows_none_of_which_has_a_label() -> None:
    head = Xiao(Task(CLASSES), 8)
    x, true = torch.randn(6, 8), torch.eye(CLASSES)[[1, 2, 3, 1, 2, 3]]
    known = torch.ones(6, dtype=torch.bool)
    of_all = Rows(x, torch.zeros(6, CLASSES), true, torch.arange(6), known)
    stage = head.stages(of_all)[-1]
    assert not head.noise[2].any()
    torch.testing.assert_close(head.types, torch.full((3,), 1 / 3))
    loss = stage.loss(Batch(of_all, of_all))
    loss.backward()
    assert torch.isfinite(loss)
    head.eval()
    torch.testing.assert_close(head.clean(x, of_all.given), head.classify(x))


def test_of_a_given_label_that_no_verified_row_has_bayes_keeps_a_distribution() -> None:
    task = Task(3)
    given, true = torch.eye(3)[[0, 0, 1, 1]], torch.eye(3)[[0, 1, 1, 0]]
    channel = confusion(task, given, true)
    torch.testing.assert_close(channel.sum(1), torch.ones(3))
    p = torch.tensor([[0.2, 0.3, 0.5], [0.2, 0.3, 0.5], [0.2, 0.3, 0.5]])
    told = by_bayes(task, p, torch.eye(3), channel)
    torch.testing.assert_close(told.sum(1), torch.ones(3))
    assert told[2, 2] > p[2, 2]


def test_a_given_label_that_is_impossible_by_the_confusion_says_nothing() -> None:
    p = torch.tensor([[0.4, 0.6]])
    channel = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    torch.testing.assert_close(by_bayes(Task(2), p, torch.tensor([[0.0, 1.0]]), channel), p)


def test_of_several_labels_one_that_is_never_seen_says_nothing() -> None:
    task, p = Task(2, several=True), torch.tensor([[0.2, 0.6]])
    told = by_bayes(task, p, torch.ones(1, 2), confusion(task, torch.zeros(2, 2), torch.eye(2)))
    torch.testing.assert_close(told, p)


def test_what_is_unlikely_is_normalized_all_the_same() -> None:
    task, p = Task(2), torch.tensor([[1 - 1e-6, 1e-6]])
    channel = torch.tensor([[1.0, 0.0], [0.5, 0.5]])
    torch.testing.assert_close(
        by_bayes(task, p, torch.tensor([[0.0, 1.0]]), channel), torch.tensor([[0.0, 1.0]])
    )
    shares = task.shares(torch.tensor([[1e-6, 3e-6], [0.0, 0.0]]))
    torch.testing.assert_close(shares, torch.tensor([[0.25, 0.75], [0.0, 0.0]]))


def test_a_row_of_zeros_keeps_what_it_was_given() -> None:
    p = np.array([[0, 0, 0], [0, 0, 0], [0.2, 0.2, 0]], np.float32)
    given = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], np.float32)
    kept, known = settled(Task(3), p, given)
    np.testing.assert_allclose(kept, [[0, 0, 1], [0, 0, 0], [0.5, 0.5, 0]])
    assert known.tolist() == [False, False, True]
    sets = label_sets(Task(3), kept)
    assert sets.tolist() == [[False, False, True], [False] * 3, [True, False, False]]


def test_zeros_are_an_empty_list_where_lists_may_be_empty() -> None:
    p, given = np.zeros((1, 3), np.float32), np.array([[1, 0, 0]], np.float32)
    several = Task(3, several=True)
    kept, known = settled(several, p, given)
    assert known.tolist() == [True]
    assert not label_sets(several, kept).any()
    full = replace(several, empty=False)
    kept, known = settled(full, p, given)
    assert known.tolist() == [False]
    assert label_sets(full, kept).tolist() == [[True, False, False]]
    assert not label_sets(full, settled(full, p, p)[0]).any()


def test_none_of_the_classes_is_what_zeros_mean_where_it_is_an_output() -> None:
    assert label_sets(Task(2, none=True), np.zeros((1, 3), np.float32)).tolist() == [
        [False, False, True]
    ]
