"""Hu et al. CVPR 2019, Weakly Supervised Image Classification through Noise Regularization.

A clean net c tells the true labels, a residual net r what is added to them in the noisy ones; clean
and noisy labels need not be of the same images.
"""

from torch import Tensor, nn

from curate.heads.head import StagedHead
from curate.heads.network import HIDDEN, Network, classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task

ALPHA = 1.0
"""Weight of the clean loss."""
ACTIVATIONS: dict[str, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}


class Hu(StagedHead):
    """The clean net c and the residual net r: g = σ(c) is clean, h = σ(r + c) is noisy.

    With one label an image σ is the softmax and none of the classes an output that no given
    label has. The model has no place for the given label of the image in question, so ``clean``
    does without. Deviation: the paper names three activations of the residual net; here it is
    that of its hidden layer.
    """

    runs = 1

    def __init__(self, task: Task, features: int, activation: str = "relu") -> None:
        super().__init__(task)
        self.c = classifier(features, task.outputs)
        self.r = Network(
            nn.Linear(features, HIDDEN), ACTIVATIONS[activation](), nn.Linear(HIDDEN, task.outputs)
        )

    def stages(self, verified: Rows) -> list[Stage]:
        """Both nets together, nine noisy rows to one that is verified."""
        del verified
        return [Stage(self._loss, (self.c, self.r), noisy=288, verified=32)]

    def classify(self, x: Tensor) -> Tensor:
        """Return g(x) = σ(c(x))."""
        return self.task.probabilities(self.c(x))

    def clean(self, x: Tensor, given: Tensor) -> Tensor:
        """Return g(x); this model ignores the given label."""
        del given
        return self.classify(x)

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        of_clean = self.task.cross_entropy(self.c(verified.x), verified.true).mean()
        given = self.task.as_outputs(noisy.given)
        of_noise = self.task.cross_entropy(self.r(noisy.x) + self.c(noisy.x), given).mean()
        return ALPHA * of_clean + of_noise
