"""Verified rows of which a person was asked about some labels only."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from curate.heads.cross_fit import CrossFitted, Unjudged, clean, folds_of
from curate.heads.learned import VerifiedRows, task_of
from curate.heads.nmn import Nmn
from curate.heads.spec import head_class
from curate.heads.stage import Stage
from curate.heads.task import Task
from curate.heads.training import Batches, Examples, Learner
from curate.heads.unasked import estimating
from curate.options.heads import HEADS
from curate.training.device import Computer

from .conftest import CLASSES, Known

CPU = Computer(torch.device("cpu"), None)
SEVERAL = Task(CLASSES, several=True)
MOST = 3
"""Labels that a person is asked about: the given ones, then others."""


def partly(crawl: Known) -> Examples:
    """Ask about MOST labels of each verified row, the given ones first."""
    rows = crawl.examples
    given = SEVERAL.given(torch.from_numpy(rows.given)).numpy()
    chance = np.random.default_rng(3).random(given.shape)
    asked = np.argsort(-given - chance, axis=1)[:, :MOST]
    asked[~rows.verified] = -1
    shown = np.take_along_axis(SEVERAL.given(torch.from_numpy(rows.true)).numpy(), asked, 1) > 0
    return replace(rows, true=np.where(shown, asked, -1), asked=asked)


def learner(crawl: Known, examples: Examples) -> Learner:
    return Learner(SEVERAL, crawl.inputs, examples, None, CPU, 3, 0, lambda _: None)


def test_what_nobody_was_asked_about_is_nan() -> None:
    labels, asked = torch.tensor([[0], [-1], [2]]), torch.tensor([[0, 1], [2, -1], [-1, -1]])
    nan = torch.nan
    expected = torch.tensor([[1, 0, nan], [nan, nan, 0], [0, 0, 1]])
    found = Task(3, several=True).target(labels, asked)
    torch.testing.assert_close(found, expected, equal_nan=True)


def test_a_loss_is_summed_over_the_labels_that_are_known_and_so_is_its_gradient() -> None:
    logits = torch.tensor([[0.3, -1.0, 0.5]], requires_grad=True)
    whole = torch.tensor([[1.0, 0.0, 1.0]])
    loss = SEVERAL.cross_entropy(logits, torch.tensor([[1.0, torch.nan, 1.0]]))
    loss.backward()
    torch.testing.assert_close(loss, SEVERAL.cross_entropy(logits[:, [0, 2]], whole[:, [0, 2]]))
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()
    assert logits.grad[0, 1] == 0


def test_rows_without_right_answers_do_not_tell_that_images_may_have_no_label() -> None:
    rows, labels = np.arange(3), np.array([[0], [-1], [-1]])
    names = ("a", "b")
    of_pairs = VerifiedRows(rows, labels, names, asked=np.array([[0], [1], [-1]]))
    assert task_of(of_pairs, 2, True).empty  # the last row is whole, and has none
    some = VerifiedRows(rows[:2], labels[:2], names, asked=np.array([[-1], [1]]))
    assert not task_of(some, 2, True).empty
    assert task_of(
        VerifiedRows(rows[1:2], labels[1:2], names, asked=np.array([[1]])), 2, True
    ).empty


def test_partly_verified_rows_are_noisy_rows_too(several_labels: Known) -> None:
    examples = partly(several_labels)
    assert examples.noisy.all()
    np.testing.assert_array_equal(several_labels.examples.noisy, ~examples.verified)
    stage = Stage(lambda batch: torch.zeros(()), (), noisy=300, verified=20)
    batches = Batches(examples, stage, np.random.default_rng(0))
    noisy = np.concatenate([pair[0] for pair in batches.epoch()])
    assert np.isin(np.arange(len(examples)), noisy).all()


def test_answers_are_learned_and_the_other_labels_are_estimated(several_labels: Known) -> None:
    masked = learner(several_labels, partly(several_labels))
    told, filled = masked.verified.true, estimating(masked).verified.true
    known = ~told.isnan()
    assert (known.sum(1) == MOST).all()
    assert torch.equal(filled[known], told[known])
    assert ((filled > 0) & (filled < 1))[~known].all()
    true = SEVERAL.given(torch.from_numpy(several_labels.true[several_labels.examples.verified]))
    given = masked.verified.given
    of_estimate, of_given = ((p - true).abs()[~known].mean() for p in (filled, given))
    assert of_estimate < of_given
    noisy = learner(several_labels, masked.examples).rows(np.flatnonzero(~masked.examples.verified))
    assert not noisy.true.any()


def test_whole_rows_are_learned_as_they_are(several_labels: Known) -> None:
    whole = learner(several_labels, several_labels.examples)
    assert estimating(whole) is whole


@pytest.mark.parametrize("name", [name for name in HEADS if head_class(name).several])
def test_a_head_learns_from_answers_to_single_labels(name: str, several_labels: Known) -> None:
    examples = partly(several_labels)
    folds = folds_of(examples.features, None)
    head = CrossFitted(name, SEVERAL, several_labels.inputs)
    head.fit_member(0, examples, folds != 0, CPU, 3, 0, lambda _: None)
    rows = folds == 0
    p = head.eval().each(
        Unjudged(examples.features[rows], examples.given[rows], folds[rows], True), clean
    )
    assert np.isfinite(p).all()
    true, given = (
        SEVERAL.given(torch.from_numpy(labels[rows])).numpy() > 0
        for labels in (several_labels.true, examples.given)
    )
    assert ((p >= 0.5) == true).mean() > (given == true).mean() - 0.02


def test_nmn_takes_what_a_person_said_and_infers_the_other_labels(several_labels: Known) -> None:
    rows = learner(several_labels, partly(several_labels)).verified
    head = Nmn(SEVERAL, several_labels.inputs.width).eval()
    known = ~rows.true.isnan()
    found, blind = head.target(rows), head.target(rows._replace(is_verified=~rows.is_verified))
    torch.testing.assert_close(found[known], rows.true[known])
    torch.testing.assert_close(found[~known], blind[~known])
