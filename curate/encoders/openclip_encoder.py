"""An encoder that is the visual tower of an open_clip model."""

from pathlib import Path
from typing import Any

from curate.encoders.openclip import open_clip_parts, open_model
from curate.encoders.torch_encoder import FrozenNetwork, TorchEncoder
from curate.errors import CurateError
from curate.images.preprocess import Preprocess
from curate.store.fingerprint import sha256_of


def open_encoder(model: str, device: str, pictures: int) -> TorchEncoder:
    """Open the model that ARCH/TAG@CHECKPOINT names: its features are those of ``encode_image``.

    Raises CurateError for a model that cannot be opened, and for one whose pictures are not
    square or are padded.
    """
    opened, weights = open_model(*open_clip_parts(model))
    return TorchEncoder(visual_tower(f"open_clip:{model}", opened, weights), device, pictures)


def visual_tower(spec: str, model: Any, weights: Path) -> FrozenNetwork:
    """Describe the visual tower of ``model``, whose weights came from the file ``weights``."""
    settings = model.visual.preprocess_cfg
    return FrozenNetwork(
        model.visual,
        model.encode_image,
        _preprocess(spec, settings),
        settings["mean"],
        settings["std"],
        architecture=str(model.visual),
        weights=sha256_of(weights),
        opened_by=(__name__, "curate.encoders.openclip"),
    )


def _preprocess(spec: str, settings: dict[str, Any]) -> Preprocess:
    size, resize = settings["size"], settings["resize_mode"]
    height, width = (size, size) if isinstance(size, int) else size
    if height != width or resize not in ("shortest", "squash"):
        raise CurateError(
            f"--encoder {spec} takes {height} x {width} pictures resized by {resize!r}; only "
            "square ones, 'shortest' or 'squash', can be made here: choose another architecture."
        )
    return Preprocess(height, settings["interpolation"], resize)
