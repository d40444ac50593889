"""An encoder that is a frozen network of torch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.encoders.compiled import COMPILE_FROM, Compiled, Network
from curate.encoders.device import torch_device
from curate.encoders.overlap import overlapped
from curate.images.preprocess import Preprocess
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint

if TYPE_CHECKING:
    import torch

_BATCH_SIZE = {"cpu": 32, "cuda": 256}


@dataclass(frozen=True)
class FrozenNetwork:
    """A network that is not trained here, and how it wants its pictures."""

    module: "torch.nn.Module"
    features: "Callable[[torch.Tensor], torch.Tensor]"
    """Turns pictures (n, 3, size, size) into features (n, D) by ``module``."""
    preprocess: Preprocess
    mean: Sequence[float]
    std: Sequence[float]
    """Pictures are (bytes / 255 - mean) / std, per channel."""
    architecture: str
    weights: str
    """Whatever else the features depend on: a description, and a hash."""
    opened_by: tuple[str, ...]
    """The modules whose code opened it."""


class TorchEncoder:
    """Features of a network, as it gives them, not normalised.

    float32 on a CPU; on a GPU mixed precision with bfloat16, or float16 if it has none, and
    compiled for crawls of ``COMPILE_FROM`` pictures or more. Compiling is not in the fingerprint:
    it changes roundings, as another GPU does.
    """

    def __init__(self, network: FrozenNetwork, device: str = "auto", pictures: int = 0) -> None:
        """Move the network to ``device``; ``pictures`` is how many the crawl has.

        Raises CurateError when ``device`` is ``cuda`` and there is none.
        """
        import torch

        self._features, self._device = network.features, torch_device(device)
        self._half = half_precision(self._device)
        # Pictures arrive channels last: convolutions that take them so need no reordering.
        module: torch.nn.Module = network.module
        module.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        mean, std = torch.tensor(network.mean), torch.tensor(network.std)
        self._scale = (1 / (255 * std)).view(3, 1, 1).to(self._device)
        self._shift = (-mean / std).view(3, 1, 1).to(self._device)
        self.preprocess = network.preprocess
        self.batch_size = _BATCH_SIZE[self._device.type]
        self._network: Network = self._encode
        self.dim = self._forward_one_black_picture().shape[1]
        if self._device.type == "cuda" and pictures >= COMPILE_FROM:
            self._network = Compiled(self._encode, self.batch_size)
        self.fingerprint = fingerprint(
            code=code_of(__name__, *network.opened_by),
            architecture=network.architecture,
            weights=network.weights,
            preprocess=asdict(network.preprocess),
            mean=network.mean,
            std=network.std,
            precision=str(self._half or torch.float32),
        )

    def encode(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """Turn each (n, size, size, 3) batch of RGB bytes into an (n, D) batch, in order."""
        return overlapped(batches, self._device, self._forward)

    def _forward(self, pixels: "torch.Tensor") -> "torch.Tensor":
        import torch

        with (
            torch.inference_mode(),
            torch.autocast(self._device.type, self._half, enabled=self._half is not None),
        ):
            return self._network(pixels)

    def _encode(self, pixels: "torch.Tensor") -> "torch.Tensor":
        return self._features(pixels.permute(0, 3, 1, 2).float() * self._scale + self._shift)

    def _forward_one_black_picture(self) -> "torch.Tensor":
        import torch

        size = self.preprocess.size
        return self._forward(torch.zeros(1, size, size, 3, dtype=torch.uint8, device=self._device))


def half_precision(device: "torch.device") -> "torch.dtype | None":
    """Choose the type of products on a GPU; None on a CPU."""
    import torch

    if device.type == "cpu":
        return None
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16
