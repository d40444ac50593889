"""An encoder that is the visual tower of an open_clip model."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from curate.encoders.compiled import COMPILE_FROM, Compiled, Network
from curate.encoders.device import torch_device
from curate.encoders.openclip import open_clip_parts, open_model
from curate.encoders.overlap import overlapped
from curate.errors import CurateError
from curate.images.preprocess import Preprocess
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint, sha256_of

if TYPE_CHECKING:
    import torch


_BATCH_SIZE = {"cpu": 32, "cuda": 256}


class OpenClipEncoder:
    """Features of a model's visual tower, as its ``encode_image`` gives them, not normalised.

    float32 on a CPU; on a GPU mixed precision with bfloat16, or float16 if it has none, and
    compiled for crawls of ``COMPILE_FROM`` pictures or more. Compiling is not in the fingerprint:
    it changes roundings, as another GPU does.
    """

    def __init__(
        self, spec: str, model: Any, weights: Path, device: str = "auto", pictures: int = 0
    ) -> None:
        """Move the visual tower of ``model``, whose weights came from ``weights``, to ``device``.

        ``pictures`` is how many the crawl has.

        Raises CurateError when ``device`` is ``cuda`` and there is none, and for a model whose
        pictures are not square or are padded.
        """
        import torch

        self._model, self._device = model, torch_device(device)
        self._half = _half_precision(self._device)
        # Pictures arrive channels last: convolutions that take them so need no reordering.
        model.visual.to(self._device, memory_format=torch.channels_last)
        settings = model.visual.preprocess_cfg
        mean, std = torch.tensor(settings["mean"]), torch.tensor(settings["std"])
        self._scale = (1 / (255 * std)).view(3, 1, 1).to(self._device)
        self._shift = (-mean / std).view(3, 1, 1).to(self._device)
        self.preprocess = _preprocess(spec, settings)
        self.batch_size = _BATCH_SIZE[self._device.type]
        self._network: Network = self._encode_image
        self.dim = self._forward_one_black_picture().shape[1]
        if self._device.type == "cuda" and pictures >= COMPILE_FROM:
            self._network = Compiled(self._encode_image, self.batch_size)
        self.fingerprint = fingerprint(
            code=code_of(__name__, "curate.encoders.openclip"),
            weights=sha256_of(weights),
            preprocess=asdict(self.preprocess),
            mean=settings["mean"],
            std=settings["std"],
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

    def _encode_image(self, pixels: "torch.Tensor") -> "torch.Tensor":
        pictures = pixels.permute(0, 3, 1, 2).float() * self._scale + self._shift
        features: torch.Tensor = self._model.encode_image(pictures)
        return features

    def _forward_one_black_picture(self) -> "torch.Tensor":
        import torch

        size = self.preprocess.size
        return self._forward(torch.zeros(1, size, size, 3, dtype=torch.uint8, device=self._device))


def open_encoder(model: str, device: str, pictures: int) -> OpenClipEncoder:
    """Open the model that ARCH/TAG@CHECKPOINT names."""
    opened, weights = open_model(*open_clip_parts(model))
    return OpenClipEncoder(f"open_clip:{model}", opened, weights, device, pictures)


def _preprocess(spec: str, settings: dict[str, Any]) -> Preprocess:
    size, resize = settings["size"], settings["resize_mode"]
    height, width = (size, size) if isinstance(size, int) else size
    if height != width or resize not in ("shortest", "squash"):
        raise CurateError(
            f"--encoder {spec} takes {height} x {width} pictures resized by {resize!r}; only "
            "square ones, 'shortest' or 'squash', can be made here: choose another architecture."
        )
    return Preprocess(height, settings["interpolation"], resize)


def _half_precision(device: "torch.device") -> "torch.dtype | None":
    import torch

    if device.type == "cpu":
        return None
    native = torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.bfloat16 if native else torch.float16
