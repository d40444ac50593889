"""The encoder that a string names."""

import re
from pathlib import Path

from curate.encoders.base import Encoder
from curate.encoders.device import check_device
from curate.errors import CurateError

DEFAULT_ENCODER = "open_clip:ViT-B-32/laion2b_s34b_b79k"
POSSIBLE = (
    "open_clip:ARCH/PRETRAINED_TAG, open_clip:ARCH[/TAG]@/path/to/checkpoint, "
    "onnx:/path/model.onnx (with model.json beside it), embedded, "
    "self (a network trained on the crawl), or a sum of them (a+b)"
)

ANOTHER = re.compile(r"\+(?=(?:onnx|open_clip):|embedded(?:\+|$)|self(?:[:@+]|$))")
"""The plus between two encoders; one in a path is followed by something else."""


def split_encoders(spec: str) -> list[str]:
    """Split A+B into the encoders whose features are put side by side.

    Raises CurateError where one is named twice.
    """
    parts = ANOTHER.split(spec)
    twice = [part for part in parts if parts.count(part) > 1]
    if twice:
        raise CurateError(f"--encoder {spec}: {twice[0]} is in it twice; take one of them out.")
    return parts


def open_encoder(spec: str, device: str = "auto", pictures: int = 0) -> Encoder:
    """Open the encoder that ``spec`` names, on ``device``: auto, cpu or cuda.

    For a crawl of so many ``pictures``: for many of them more is done at first.

    Raises CurateError for a string that names none, a model that is missing, broken or cannot
    be downloaded, and a device that is not there.
    """
    check_device(device)
    match spec.partition(":"):
        case "embedded", "", "":
            return _open_embedded()
        case "onnx", ":", path if path:
            return _open_onnx(path, device)
        case "open_clip", ":", model if model:
            return _open_open_clip(model, device, pictures)
    raise CurateError(f"--encoder {spec}: there is no such encoder; possible are {POSSIBLE}.")


def _open_embedded() -> Encoder:
    from curate.encoders.embedded import EmbeddedEncoder

    return EmbeddedEncoder()


def _open_onnx(path: str, device: str) -> Encoder:
    from curate.encoders.onnx import OnnxEncoder

    return OnnxEncoder(Path(path).expanduser(), device)


def _open_open_clip(model: str, device: str, pictures: int) -> Encoder:
    from curate.encoders.openclip import open_model
    from curate.encoders.openclip_encoder import OpenClipEncoder

    opened, weights = open_model(*open_clip_parts(model))
    return OpenClipEncoder(f"open_clip:{model}", opened, weights, device, pictures)


def open_clip_parts(model: str) -> tuple[str, str, Path | None]:
    """Read ARCH, TAG and CHECKPOINT from ARCH/TAG@CHECKPOINT."""
    name, at, path = model.partition("@")
    arch, _, tag = name.partition("/")
    return arch, tag, Path(path).expanduser() if at else None
