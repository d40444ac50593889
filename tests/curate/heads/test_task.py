"""Labels as numbers, one label or several, new classes and none."""

import pytest
import torch

from curate.heads.task import Task

LABELS = torch.tensor([[0, -1], [2, 1], [-1, -1]])


def test_given_and_true_labels_become_ones_and_zeros() -> None:
    task = Task(3, several=True)
    assert task.given(LABELS).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
    assert task.target(LABELS).tolist() == task.given(LABELS).tolist()
    one = Task(3, new=1, none=True)
    assert one.outputs == 5
    true = torch.tensor([[0], [3], [-1]])
    assert one.target(true).tolist() == [[1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]
    assert one.as_outputs(torch.ones(1, 3)).tolist() == [[1, 1, 1, 0, 0]]


@pytest.mark.parametrize("several", [False, True])
def test_negative_log_likelihood_is_the_cross_entropy_of_probabilities(several: bool) -> None:
    task = Task(3, several)
    logits = torch.tensor([[0.3, -1.0, 0.5], [2.0, 0.1, 0.2]])
    target = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    loss = task.negative_log_likelihood(task.probabilities(logits), target)
    torch.testing.assert_close(loss, task.cross_entropy(logits, target))
    never = torch.tensor([[0.0, 1.0, 0.0]])
    assert torch.isfinite(task.negative_log_likelihood(never, target[:1])).all()


def test_shares_of_one_label_sum_to_one_and_none_is_where_no_class_is() -> None:
    task = Task(2, none=True)
    shares = task.shares(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 0.5]]))
    torch.testing.assert_close(
        shares, torch.tensor([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.4, 0.4, 0.2]])
    )
