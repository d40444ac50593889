"""How a model of transformers wants its pictures, by the settings of its image processor."""

from collections.abc import Sequence
from typing import Any

from curate.errors import CurateError
from curate.images.preprocess import Interpolation, Preprocess

RESAMPLINGS: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}
"""By Pillow's number; others, which nobody publishes, are read as bicubic."""


def preprocess_of(settings: dict[str, Any], spec: str) -> Preprocess:
    """Read size and resampling; raises CurateError for what cannot be made here.

    Where the model crops, the shorter side is scaled to the crop's own size, as CLIP does, and not
    to a somewhat larger one.
    """
    size = settings.get("size") or {}
    crops = settings.get("do_center_crop") and settings.get("crop_size")
    chosen = settings["crop_size"] if crops else size
    edge = chosen.get("shortest_edge")
    height, width = chosen.get("height", edge), chosen.get("width", edge)
    if height is None or height != width:
        raise CurateError(
            f"--encoder {spec} takes pictures of size {dict(chosen)}; only square ones can be made"
            " here: choose another model."
        )
    squash = not crops and edge is None
    interpolation = RESAMPLINGS.get(int(settings.get("resample", 3)), "bicubic")
    return Preprocess(height, interpolation, "squash" if squash else "shortest")


def mean_and_std(settings: dict[str, Any]) -> tuple[Sequence[float], Sequence[float]]:
    """Read what makes (bytes / 255 - mean) / std of the processor's own arithmetic.

    It computes (bytes * rescale_factor - image_mean) / image_std, and may leave out either step.
    """
    factor = 255 * settings["rescale_factor"] if settings.get("do_rescale", True) else 255
    normalize = settings.get("do_normalize", True)
    mean = settings["image_mean"] if normalize else (0.0, 0.0, 0.0)
    std = settings["image_std"] if normalize else (1.0, 1.0, 1.0)
    return [value / factor for value in mean], [value / factor for value in std]
