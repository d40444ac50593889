"""The networks of heads, whose products may be in half precision."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

HIDDEN, DROPOUT = 512, 0.3


class Network(nn.Sequential):
    """Layers whose products may be in half precision, and whose output is float32."""

    precision: torch.dtype | None = None
    """The precision of products; None: float32."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the last layer's output."""
        with torch.autocast(x.device.type, self.precision, enabled=self.precision is not None):
            output: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return output.float()


@contextlib.contextmanager
def in_half(module: nn.Module, half: torch.dtype | None) -> Iterator[None]:
    """Let the networks of a module compute in half precision for the length of the block."""
    networks = [part for part in module.modules() if isinstance(part, Network)]
    for network in networks:
        network.precision = half
    try:
        yield
    finally:
        for network in networks:
            network.precision = None


def classifier(features: int, outputs: int, activation: type[nn.Module] = nn.ReLU) -> Network:
    """Make a network with a hidden layer; on frozen features it stands for the papers' CNN."""
    return Network(
        nn.BatchNorm1d(features, affine=False),
        nn.Linear(features, HIDDEN),
        nn.BatchNorm1d(HIDDEN),
        activation(),
        nn.Dropout(DROPOUT),
        nn.Linear(HIDDEN, outputs),
    )
