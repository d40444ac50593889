"""The encoder that a string names."""

import re
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from curate.encoders.device import check_device
from curate.errors import CurateError

if TYPE_CHECKING:
    from curate.encoders.base import Encoder

DEFAULT_ENCODER = "open_clip:ViT-B-32/laion2b_s34b_b79k"
ENCODERS = {
    "open_clip": (
        "curate.encoders.openclip_encoder:open_encoder",
        "open_clip:ARCH/TAG, open_clip:ARCH[/TAG]@CHECKPOINT",
    ),
    "timm": ("curate.encoders.timm_encoder:open_encoder", "timm:NAME[@FILE]"),
    "hf": (
        "curate.encoders.transformers_encoder:open_encoder",
        "hf:ORG/MODEL, hf:FOLDER (a vision model of transformers)",
    ),
    "onnx": (
        "curate.encoders.onnx:open_encoder",
        "onnx:MODEL.onnx (with model.json beside it)",
    ),
    "embedded": ("curate.encoders.embedded:open_encoder", "embedded"),
}
"""The function that opens each, (argument, device, pictures) -> Encoder, and how it is written."""
POSSIBLE = (
    f"{', '.join(written for _, written in ENCODERS.values())},"
    " self (a network trained on the crawl), or a sum of them (a+b)"
)


def _takes_argument(name: str) -> bool:
    return ":" in ENCODERS[name][1]


_STARTS = [f"{name}:" if _takes_argument(name) else rf"{name}(?:\+|$)" for name in ENCODERS]
ANOTHER = re.compile(rf"\+(?={'|'.join(_STARTS)}|self(?:[:@+]|$))")
"""The plus between two encoders; a plus in a path is followed by something else."""


def split_encoders(spec: str) -> tuple[str, ...]:
    """Split A+B into the encoders whose features stand side by side.

    Raises CurateError if one is named twice.
    """
    parts = ANOTHER.split(spec)
    twice = [part for part in parts if parts.count(part) > 1]
    if twice:
        raise CurateError(f"--encoder {spec}: {twice[0]} is in it twice; take one of them out.")
    return tuple(parts)


def open_encoder(spec: str, device: str = "auto", pictures: int = 0) -> "Encoder":
    """Open the encoder that ``spec`` names, on ``device``: auto, cpu or cuda.

    ``pictures`` is how many the crawl has; an encoder may spend more time to start for more of
    them. Raises CurateError for a string that names no encoder, a model that is missing, broken
    or cannot be downloaded, and a device that is not there.
    """
    check_device(device)
    name, colon, argument = spec.partition(":")
    if name not in ENCODERS or bool(argument) != _takes_argument(name) or (colon and not argument):
        raise CurateError(f"--encoder {spec}: there is no such encoder; possible are {POSSIBLE}.")
    try:
        opened: Encoder = resolve_name(ENCODERS[name][0])(argument, device, pictures)
    except ModuleNotFoundError as error:
        raise CurateError(
            f"--encoder {spec} needs {error.name}, which is not installed: pip install"
            f" {error.name}."
        ) from error
    return opened
