"""Hu et al. CVPR 2019, Weakly Supervised Image Classification through Noise Regularization.

A clean net predicts the true labels; a residual net predicts what must be added to its logits to
predict the noisy ones. Clean and noisy labels need not be of the same images.
"""

from torch import Tensor, nn

from curate.heads.bayes import BayesHead
from curate.heads.network import HIDDEN, Network, classifier
from curate.heads.stage import Batch, Rows, Stage
from curate.heads.task import Task

ALPHA_OF_FEW, ALPHA_OF_MANY = 0.2, 1.0
"""Weights of the clean loss: the paper's on COCO and Clothing1M; ours for many verified rows."""
MANY = 5_000
"""Verified rows from which on the clean loss weighs as much as the noisy one."""
ACTIVATIONS: dict[str, type[nn.Module]] = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}


class Hu(BayesHead):
    """The clean net c and the residual net r: g = σ(c) is clean, h = σ(r + c) is noisy.

    With one label an image, σ is the softmax, and no given label names the last output (none of
    the classes). ``activation`` is that of the hidden layer of both nets (Table 2).
    Deviation: the model ignores the given label of the image that it judges; `clean` takes it into
    account by Bayes' rule, as the baselines do.
    Deviation: α depends on the number of verified rows (`alpha_of`).
    """

    runs = 1

    def __init__(self, task: Task, features: int, activation: str = "relu") -> None:
        super().__init__(task, features)
        make = ACTIVATIONS[activation]
        self.y = classifier(features, task.outputs, make)
        self.r = Network(nn.Linear(features, HIDDEN), make(), nn.Linear(HIDDEN, task.outputs))

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; train both nets together, nine noisy rows to one verified row."""
        self.count(verified)
        self._alpha = alpha_of(len(verified.x))
        return [Stage(self._loss, (self.y, self.r), noisy=288, verified=32)]

    def _loss(self, batch: Batch) -> Tensor:
        noisy, verified = batch
        of_clean = self.task.cross_entropy(self.y(verified.x), verified.true).mean()
        given = self.task.as_outputs(noisy.given)
        of_noise = self.task.cross_entropy(self.r(noisy.x) + self.y(noisy.x), given).mean()
        return self._alpha * of_clean + of_noise


def alpha_of(verified: int) -> float:
    """Return α, the weight of the clean loss, by the number of verified rows."""
    return ALPHA_OF_FEW if verified < MANY else ALPHA_OF_MANY
