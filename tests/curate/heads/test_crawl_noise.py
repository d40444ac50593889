"""The crawl's own noise matrix, against a plain loop over rows."""

from dataclasses import replace

import numpy as np
import torch

from curate.heads.crawl_noise import confident_joint, crawl_counts
from curate.heads.task import Task
from curate.heads.training import Learner

from .conftest import CLASSES, Known
from .test_heads import CPU


def learner(crawl: Known, task: Task, verified: np.ndarray) -> Learner:
    examples = replace(crawl.examples, verified=verified)
    return Learner(task, crawl.inputs, examples, None, CPU, 1, 0, lambda _: None)


def test_counts_are_those_of_a_loop_over_unverified_rows(one_label: Known) -> None:
    verified = one_label.examples.verified
    made = learner(one_label, Task(CLASSES, none=True), verified)
    rows = made.rows(np.flatnonzero(~verified))
    p, given = rows.x[:, -CLASSES:].exp().numpy(), rows.given.argmax(1).numpy()
    threshold = [p[given == c, c].mean() for c in range(CLASSES)]
    expected = np.zeros((CLASSES, CLASSES + 1))
    for row, label in zip(p, given, strict=True):
        reached = [c for c in range(CLASSES) if row[c] >= threshold[c]]
        if reached:
            expected[label, max(reached, key=lambda c: row[c])] += 1
    assert expected.any()
    np.testing.assert_array_equal(crawl_counts(made), expected)


def test_all_verified_leaves_nothing_to_count(one_label: Known) -> None:
    everything = np.ones(len(one_label.true), bool)
    assert not crawl_counts(learner(one_label, Task(CLASSES), everything)).any()


def test_rows_below_every_threshold_or_without_a_label_do_not_count() -> None:
    p = torch.tensor([[0.6, 0.4], [0.5, 0.5], [0.9, 0.1]])
    given = torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    counts = confident_joint(p, given, torch.tensor([0.6, torch.inf]))
    assert counts.tolist() == [[0, 0], [1, 0]]
