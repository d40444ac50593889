"""How an encoder wants its pictures prepared."""

from dataclasses import dataclass
from typing import Literal

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
ResizeMode = Literal["shortest", "squash"]
"""What encoders ask for."""


@dataclass(frozen=True)
class Preprocess:
    """Size and resampling of an encoder's input, done where the image is decoded.

    ``shortest`` scales the shorter side to ``size`` and crops the centre, as CLIP does;
    ``squash`` scales both sides. ``pad`` and ``bars``, for people's eyes, scale the longer one and
    leave white beside the picture, or what `curate.images.decode.without_bars` cuts off. Means and
    deviations are the encoder's own affair.
    """

    size: int
    interpolation: Interpolation = "bicubic"
    resize: ResizeMode | Literal["pad", "bars"] = "shortest"
