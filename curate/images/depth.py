"""Pictures of more than 8 bits a pixel, as people expect to see them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SHOWN = (0.5, 99.5)
"""Percentiles that become black and white if the values use less than half of their range."""
SAMPLE = 1024
"""Rows and columns that are read, at most, to find them."""
WHITE_IS_ZERO = 0
PHOTOMETRIC = 262
"""TIFF's tag that says whether 0 is black or white; Pillow applies it up to 8 bits only."""


def eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Scale integers or floats (height, width, ...) to bytes, with one scale for all channels.

    Values that span at least half of what they may be keep their brightness (16 bits: by their
    upper byte). Others, as of cameras of 12 bits, are stretched between two percentiles (`SHOWN`).
    A picture of one value stays one value. NaN is black.
    """
    low, high = _shown_range(values)
    is_wide = values.dtype.kind in "iu" and values.dtype.itemsize > 2
    scaled: NDArray[Any] = values.astype(np.float64 if is_wide else np.float32)
    scaled = np.subtract(scaled, low, out=scaled)
    scaled = np.multiply(scaled, 256 / (high - low), out=scaled)
    return np.clip(np.nan_to_num(scaled, copy=False), 0, 255, out=scaled).astype(np.uint8)


def _shown_range(values: NDArray[Any]) -> tuple[float, float]:
    steps = [-(-side // SAMPLE) for side in values.shape[:2]]
    sample = values[:: steps[0], :: steps[1]]
    sample = sample[np.isfinite(sample)].astype(np.float64)
    if not sample.size:
        return 0, 1
    least, low, high, most = np.percentile(sample, (0, *SHOWN, 100))
    if low == high:
        low, high = least, most
    tops = (1, 256, 65536, 2**32) if values.dtype.kind == "f" else (256, 65536, 2**32)
    top = next((top for top in tops if least >= 0 and most <= top - (top > 1)), None)
    if top is not None and (high - low >= top / 2 or low == high):
        return 0, top
    return (low, high) if low < high else (low, low + 1)


def grey_to_rgb(image: Image.Image) -> Image.Image:
    """Turn a loaded picture of mode I, I;16 or F into RGB."""
    shown = eight_bits(np.asarray(image))
    if getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == WHITE_IS_ZERO:
        shown = 255 - shown
    return Image.fromarray(shown).convert("RGB")


def uses_little(image: Image.Image) -> bool:
    """Tell whether the upper bytes of 16-bit colours use less than half of their range."""
    extrema = np.array(image.getextrema())[:3]
    return bool(extrema[:, 1].max() - extrema[:, 0].min() < 128)


def join_bytes(upper: Image.Image, lower: Image.Image) -> Image.Image:
    """Join the upper and the lower bytes of 16-bit colours (RGB or RGBA) and scale them."""
    values = np.asarray(upper).astype(np.uint16) << 8 | np.asarray(lower)
    picture = np.array(upper)
    picture[..., :3] = eight_bits(values[..., :3])
    return Image.fromarray(picture)
