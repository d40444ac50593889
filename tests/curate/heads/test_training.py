"""Batches: every noisy row once an epoch, bags whole, verified rows as often as needed."""

from dataclasses import replace

import numpy as np
import torch

from curate.heads.inputs import Inputs
from curate.heads.stage import Stage
from curate.heads.task import Task
from curate.heads.training import HELD_OUT, Batches, Examples, Learner
from curate.training.device import computer


def examples(bag: np.ndarray, verified: int) -> Examples:
    n = len(bag)
    labels = np.zeros((n, 1), np.int64)
    return Examples(np.zeros((n, 2), np.float16), labels, labels, np.arange(n) < verified, bag)


def stage(noisy: int, verified: int) -> Stage:
    return Stage(lambda batch: torch.zeros(()), (), noisy, verified)


def test_an_epoch_has_every_noisy_row_once_and_verified_rows_in_every_batch() -> None:
    batches = Batches(examples(np.arange(1010), 10), stage(50, 20), np.random.default_rng(0))
    drawn = list(batches.epoch())
    noisy = np.concatenate([pair[0] for pair in drawn])
    assert len(drawn) == 20
    assert np.sort(noisy).tolist() == list(range(10, 1010))
    assert all(len(pair[1]) == 20 and pair[1].max() < 10 for pair in drawn)


def test_rows_of_a_bag_come_together() -> None:
    bag = np.random.default_rng(1).permutation(np.repeat(np.arange(100), 4))
    batches = Batches(examples(bag, 0), stage(40, 0), np.random.default_rng(0))
    for noisy, verified in batches.epoch():
        assert len(verified) == 0
        _, counts = np.unique(bag[noisy], return_counts=True)
        assert (counts == 4).all()
        assert len(noisy) == 40


def test_bags_stay_whole_where_some_of_their_rows_are_verified() -> None:
    bag = np.random.default_rng(1).permutation(np.repeat(np.arange(100), 4))
    whole = Stage(lambda batch: torch.zeros(()), (), 40, all_rows=True)
    batches = Batches(examples(bag, 90), whole, np.random.default_rng(0))
    drawn = [noisy for noisy, _ in batches.epoch()]
    assert np.sort(np.concatenate(drawn)).tolist() == list(range(400))
    assert all((np.unique(bag[noisy], return_counts=True)[1] == 4).all() for noisy in drawn)


def test_few_rows_still_make_steps() -> None:
    batches = Batches(examples(np.arange(3), 3), stage(0, 8), np.random.default_rng(0))
    assert batches.steps == 10
    assert all(len(verified) == 8 for _, verified in batches.epoch())


def test_where_all_rows_are_verified_their_given_labels_are_the_noisy_ones() -> None:
    batches = Batches(examples(np.arange(60), 60), stage(20, 5), np.random.default_rng(0))
    noisy, verified = next(batches.epoch())
    assert (len(noisy), len(verified)) == (20, 5)


def learner(rows: Examples) -> Learner:
    inputs = Inputs(2, 1, 1, 1, 0)
    return Learner(Task(1), inputs, rows, None, computer("cpu"), 1, 3, lambda _: None)


def test_what_says_when_to_stop_has_no_copy_among_what_is_learned() -> None:
    picture = np.random.default_rng(2).integers(120, size=600)
    every = replace(examples(np.arange(600), 300), picture=picture)
    held = learner(every).holding_out(every.verified)
    assert held.held_out is not None and held.held_out.picture is not None
    assert not np.isin(held.examples.picture, held.held_out.picture).any()
    assert held.held_out.verified.all()
    pictures = len(np.unique(picture[:300]))
    assert len(np.unique(held.held_out.picture)) == round(HELD_OUT * pictures)
    parts = [learner(every).part(number, 3) for number in range(3)]
    assert (np.sum([inside for _, inside in parts], axis=0) == 1).all()
    for part, inside in parts:
        assert not np.isin(part.examples.picture, picture[inside]).any()


def test_without_copies_rows_are_held_out_as_before() -> None:
    rows = examples(np.arange(600), 300)
    alone = replace(rows, picture=np.arange(600) * 7 + 5)
    at = np.random.default_rng(3).permutation(np.arange(300))[:60]
    for one in (rows, alone):
        held = learner(one).holding_out(one.verified)
        assert held.examples.bag.tolist() == np.setdiff1d(np.arange(600), at).tolist()
        assert (learner(one).part(1, 3)[1] == learner(rows).part(1, 3)[1]).all()
