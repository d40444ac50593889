from itertools import product

import numpy as np
import pytest
import torch

from benchmarks.methods.hoc import Consensus, Transition, consensus, estimate, expected, solve
from curate.errors import CurateError

T = np.array([[0.8, 0.2, 0.0], [0.05, 0.9, 0.05], [0.3, 0.1, 0.6]])
P = np.array([0.5, 0.3, 0.2])


def test_expected_consensus_is_that_of_a_plain_loop() -> None:
    found = expected(torch.from_numpy(T), torch.from_numpy(P))
    for order, share in enumerate(found, start=1):
        for given in product(range(3), repeat=order):
            plain = sum(P[i] * np.prod([T[i, j] for j in given]) for i in range(3))
            assert share[given].item() == pytest.approx(plain)


def test_consensus_counts_what_occurs_together() -> None:
    seen = consensus(np.array([[0, 1, 1], [0, 1, 0], [2, 2, 2], [0, 0, 0]]), 3)
    assert seen.one.tolist() == [0.75, 0, 0.25]
    assert (seen.two[0, 1], seen.two[2, 2], seen.two[0, 0]) == (0.5, 0.25, 0.25)
    assert (seen.three[0, 1, 1], seen.three[0, 1, 0], seen.three[2, 2, 2]) == (0.25, 0.25, 0.25)
    assert all(share.sum() == 1 for share in (seen.one, seen.two, seen.three))


def test_the_transition_is_found_from_its_own_consensus() -> None:
    shares = expected(torch.from_numpy(T).float(), torch.from_numpy(P).float())
    found = solve(Consensus(*(share.numpy() for share in shares)))
    assert np.abs(found.given_by_true - T).max() < 0.02
    assert np.abs(found.true - P).max() < 0.02


def test_noise_and_right_labels_of_a_transition() -> None:
    found = Transition(T, P)
    assert found.noise == pytest.approx(1 - (0.5 * 0.8 + 0.3 * 0.9 + 0.2 * 0.6))
    joint = P[:, None] * T
    assert found.right.tolist() == pytest.approx(
        [joint[c, c] / joint[:, c].sum() for c in range(3)]
    )


def test_the_noise_of_separated_classes_is_estimated() -> None:
    rng = np.random.default_rng(0)
    true = rng.choice(3, 3000, p=P)
    labels = (rng.random(3000)[:, None] > T[true].cumsum(axis=1)).sum(axis=1)
    x = np.eye(3)[true] + 0.05 * rng.normal(size=(3000, 3))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    found = estimate(x, labels, 3)
    assert found.noise == pytest.approx((labels != true).mean(), abs=0.03)
    assert np.abs(found.given_by_true - T).max() < 0.1


def test_too_many_classes_for_triples_are_refused() -> None:
    with pytest.raises(CurateError, match="too many of 301 classes"):
        estimate(np.eye(3, dtype=np.float32), np.arange(3), 301)
