import numpy as np
import torch

from curate.training.loop import SMOOTHING, split_rows
from curate.training.loss import soft_target, weighted_cross_entropy


def test_the_loss_is_equation_7_of_the_smoothed_targets() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(6, 5)).astype(np.float32)
    classes = rng.integers(0, 5, (6, 3))
    shares = rng.dirichlet(np.ones(3), 6).astype(np.float32)
    weights = rng.random(6).astype(np.float32)
    expected = 0.0
    for row in range(6):
        target = np.full(5, SMOOTHING / 5)
        for place in range(3):
            target[classes[row, place]] += (1 - SMOOTHING) * shares[row, place]
        p = np.exp(logits[row]) / np.exp(logits[row]).sum()
        expected -= weights[row] * (target * np.log(p)).sum() / 6
    target = soft_target(torch.from_numpy(classes), torch.from_numpy(shares), 5)
    found = weighted_cross_entropy(
        torch.from_numpy(logits), target, torch.from_numpy(weights), SMOOTHING
    )
    np.testing.assert_allclose(found.item(), expected, rtol=1e-5)


def test_labelled_rows_are_split_and_others_left_out() -> None:
    labels = np.random.default_rng(0).integers(-1, 4, 200).astype(np.int32)
    train, held_out = split_rows(labels, 30)
    assert len(held_out) == 30
    assert sorted([*train, *held_out]) == np.flatnonzero(labels >= 0).tolist()
    assert (np.diff(train) > 0).all()
