"""Batches: every noisy row once an epoch, bags whole, verified rows as often as needed."""

import numpy as np
import torch

from curate.heads.stage import Stage
from curate.heads.training import Batches, Examples


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
