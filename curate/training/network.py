"""The network that is trained: a trunk gives features, a head gives logits of the classes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

WIDTHS = (64, 256, 256)
PATCH = 2
"""Side of the patches that the small network whitens first."""
WHITENING_FLOOR = 5e-4
"""Added to the variances of the patches."""
SHARPNESS = 1 / 9
"""Scale of the logits: they start small, so that the first steps are stable."""


class Network(nn.Module):
    """Trunk, head, and the scale of the trunk's input."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, trunk: nn.Module, dim: int, classes: int, mean: torch.Tensor, std: torch.Tensor
    ) -> None:
        """Put a head for that many classes on a trunk that gives ``dim`` features.

        ``mean`` and ``std`` (3,) are of colours in [0, 1].
        """
        super().__init__()
        self.trunk = trunk
        self.head = nn.Linear(dim, classes, bias=False)
        self.register_buffer("mean", mean.view(3, 1, 1))
        self.register_buffer("std", std.view(3, 1, 1))

    def onto(self, device: torch.device) -> "Network":
        """Move it to a device, with channels last, which makes convolutions fastest."""
        self.to(device)
        self.to(memory_format=torch.channels_last)
        return self

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Turn RGB bytes (n, side, side, 3) into features (n, D)."""
        scaled = pictures.permute(0, 3, 1, 2).float() / 255
        features: torch.Tensor = self.trunk((scaled - self.mean) / self.std)
        return features.float()

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Turn RGB bytes (n, side, side, 3) into logits (n, C)."""
        logits: torch.Tensor = self.head(self.features(pictures))
        return logits.float() * SHARPNESS


class SmallTrunk(nn.Module):
    """Three blocks of two convolutions behind a fixed layer that whitens small patches.

    As airbench94 (Jordan 2024, 94% on CIFAR-10 in 3.29 seconds on one GPU), which learns much in
    few epochs; deviates: ReLU, and a pool over all remaining pixels, so that sides from 20 work.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        patterns = 2 * 3 * PATCH**2
        self.whiten = nn.Conv2d(3, patterns, PATCH, bias=False)
        self.whiten.weight.requires_grad_(False)
        layers: list[nn.Module] = []
        before = patterns
        for width in widths:
            layers += [*_convolution(before, width, nn.MaxPool2d(2)), *_convolution(width, width)]
            before = width
        self.blocks = nn.Sequential(*layers)

    def fit_whitening(self, pictures: torch.Tensor) -> None:
        """Set the first layer from normalised pictures (n, 3, side, side)."""
        patches = functional.unfold(pictures, PATCH).transpose(1, 2).reshape(-1, 3 * PATCH**2)
        variances, axes = torch.linalg.eigh(patches.T @ patches / len(patches))
        filters = (axes / torch.sqrt(variances + WHITENING_FLOOR)).T.reshape(-1, 3, PATCH, PATCH)
        with torch.no_grad():
            self.whiten.weight.copy_(torch.cat([filters, -filters]))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Turn normalised pictures (n, 3, side, side) into features (n, D)."""
        maps: torch.Tensor = self.blocks(functional.relu(self.whiten(pictures)))
        return maps.amax(dim=(2, 3))


def _convolution(before: int, width: int, *pool: nn.Module) -> list[nn.Module]:
    convolution = nn.Conv2d(before, width, 3, padding=1, bias=False)
    nn.init.dirac_(convolution.weight[:before])
    return [convolution, *pool, nn.BatchNorm2d(width), nn.ReLU()]


def small_network(pictures: NDArray[np.uint8], classes: int) -> Network:
    """Make a small network for a crawl of which some pictures (n, side, side, 3) are given."""
    colours = torch.from_numpy(pictures).float() / 255
    mean, std = colours.mean(dim=(0, 1, 2)), colours.std(dim=(0, 1, 2)).clamp(min=1e-2)
    trunk = SmallTrunk(WIDTHS)
    trunk.fit_whitening(((colours - mean) / std).permute(0, 3, 1, 2))
    return Network(trunk, WIDTHS[-1], classes, mean, std)
