"""The networks that are trained."""

import timm
from torch import Tensor, nn
from torch.nn import functional


def make_network(name: str, classes: int) -> nn.Module:
    """Make a network of timm's, or a small residual one of 1.2 million parameters."""
    if name != "small":
        return timm.create_model(name, num_classes=classes)
    return nn.Sequential(
        *(nn.Conv2d(3, 64, 4, stride=4, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        *(Residual(64, 64, 1), Residual(64, 128, 2), Residual(128, 256, 2)),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes)),
    )


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016)."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(nn.Conv2d(before, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width)),
            nn.ReLU(),
            *(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)),
        )
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Turn maps (n, before, h, w) into (n, width, h / stride, w / stride)."""
        return functional.relu(self.body(x) + self.shortcut(x))
