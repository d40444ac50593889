"""A classifier that looks at the given label by Bayes' rule: what the baselines have in common."""

from torch import Tensor

from curate.heads.confusion import by_bayes, confusion, no_confusion
from curate.heads.head import StagedHead
from curate.heads.network import classifier
from curate.heads.stage import Rows
from curate.heads.task import Task


class BayesHead(StagedHead):
    """A classifier y, and the confusion that was counted on verified rows.

    The papers' baselines do not look at an image's given label; Bayes' rule lets them, so that they
    are compared fairly.
    """

    channel: Tensor
    """See `confusion`."""

    def __init__(self, task: Task, features: int) -> None:
        super().__init__(task)
        self.y = classifier(features, task.outputs)
        self.register_buffer("channel", no_confusion(task))

    def count(self, verified: Rows) -> None:
        """Count the confusion on verified rows."""
        self.channel.copy_(confusion(self.task, verified.given, verified.true))

    def classify(self, x: Tensor) -> Tensor:
        """Return p(true | image)."""
        return self.task.probabilities(self.y(x))

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return p(true | image, given label)."""
        return by_bayes(self.task, self.classify(x), given, self.channel)
