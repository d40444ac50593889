"""The input of a head for an image: the encoder's features, and log p by SINet's prototypes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from prototypes.engine.torch_products import adapt
from prototypes.fit.space import AdaptedSpace
from prototypes.method import Prototypes


class Inputs(nn.Module):
    """Features (n, D) and log p (n, C) side by side: (n, D + C).

    log p is the logarithm of SINet's class probabilities, the softmax of the cosines to the
    prototypes. It is frozen, and computes in torch what `prototypes.score.quality` computes in
    NumPy, without class relations.
    """

    mean: Tensor
    """(D,)"""
    projection: Tensor
    """(D, d)"""
    prototypes: Tensor
    """(C·k, d): those of one class are adjacent."""
    new_prototypes: Tensor
    """(new, d): prototypes of the classes that no given label names."""
    self_influence: Tensor
    """(C,)"""
    tau: Tensor

    def __init__(
        self, features: int, directions: int, classes: int, per_class: int, new: int
    ) -> None:
        super().__init__()
        self.per_class = per_class
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("projection", torch.zeros(features, directions))
        self.register_buffer("prototypes", torch.zeros(classes * per_class, directions))
        self.register_buffer("new_prototypes", torch.zeros(new, directions))
        self.register_buffer("self_influence", torch.zeros(classes))
        self.register_buffer("tau", torch.ones(()))

    @classmethod
    def of(cls, space: AdaptedSpace, prototypes: Prototypes, new: int) -> "Inputs":
        """Make the inputs of a crawl with this space and these prototypes."""
        features, directions = space.projection.shape
        classes, k = len(space.self_influence), prototypes.per_class
        made = cls(features, directions, classes, k, new)
        made.mean.copy_(torch.tensor(space.mean))
        made.projection.copy_(torch.tensor(space.projection))
        made.prototypes.copy_(torch.tensor(prototypes.v))
        made.self_influence.copy_(torch.tensor(space.self_influence))
        made.tau.fill_(prototypes.tau)
        return made

    @property
    def width(self) -> int:
        """D + C."""
        return len(self.mean) + len(self.self_influence)

    def centres(self) -> NDArray[np.float32]:
        """Return the prototypes of each class, new ones too: (C + new, k, d)."""
        shape = (len(self.self_influence), self.per_class, self.projection.shape[1])
        new = self.new_prototypes[:, None].expand(-1, *shape[1:])
        return torch.cat([self.prototypes.view(shape), new]).cpu().numpy()

    @torch.no_grad()
    def adapted(self, features: Tensor) -> Tensor:
        """Map features (n, D) to unit rows g (n, d), as `AdaptedSpace` does."""
        return adapt(features.float(), self.mean, self.projection)

    @torch.no_grad()
    def forward(self, features: Tensor, given: Tensor) -> Tensor:
        """Return the input (n, D + C) for features (n, D) of any length and given labels (n, C).

        ``given`` are the labels with which the prototypes were made: what an image has added to
        the prototype of its own label is subtracted. Pass zeros for an image that was not among
        those rows.
        """
        g = self.adapted(features)
        cosines = g @ functional.normalize(self.prototypes).T
        nearest = cosines.view(len(g), len(self.self_influence), self.per_class).amax(2)
        log_p = functional.log_softmax((nearest - given * self.self_influence) / self.tau, 1)
        return torch.cat([functional.normalize(features.float()), log_p], 1)


def features_alone(x: Tensor, classes: int) -> Tensor:
    """Return the features (n, D) of what `Inputs` gives, (n, D + C)."""
    return x[:, :-classes]


def log_p(x: Tensor, classes: int) -> Tensor:
    """Return SINet's log p (n, C) of what `Inputs` gives, (n, D + C)."""
    return x[:, -classes:]
