"""Bytes from the web in, one picture of the encoder's size out, or why there is none."""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.images.depth import grey_to_rgb
from curate.images.load import Loaded, Opened, load, open_header
from curate.images.preprocess import Preprocess
from curate.images.salvage import check_jpeg, salvage
from curate.images.signature import accepted_format, is_heic, is_other_picture
from curate.images.source import MAX_BYTES
from curate.images.status import Status, Undecodable

BARS = (1, 3, 2)
"""Colour of the bars that ``bars`` adds; no picture has a border of exactly this colour."""

LONGEST_SIDE = 255
"""Most pixels of a shorter side that `shorter_side` can return."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> the turn that undoes it."""


def decode(data: bytes, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Decode a JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF (its first frame or page) for an encoder.

    Also a HEIC where pillow-heif is installed. Returns (size, size, 3) RGB bytes, upright by the
    EXIF orientation, white where they are transparent; grey of 16 bits as `eight_bits` shows it.
    Raises `Undecodable`: empty, not_image, heic, unsupported, too_large or truncated
    (`curate.images.salvage` says what is).
    """
    return _guarded(_picture, data, preprocess)


def shorter_side(data: bytes, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Read the shorter side from the header, at most 255, into a picture of one pixel.

    A pool of workers can then measure pictures as it decodes them. Raises `Undecodable` as
    `decode` does.
    """
    return _guarded(_shorter_side, data, preprocess)


def _guarded(
    decoder: Callable[[bytes, str, Preprocess], NDArray[np.uint8]],
    data: bytes,
    preprocess: Preprocess,
) -> NDArray[np.uint8]:
    format_ = _admitted(data)
    try:
        with warnings.catch_warnings(action="ignore"):
            return decoder(data, format_, preprocess)
    except Undecodable:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise Undecodable(Status.TOO_LARGE) from error
    # On damaged data Pillow raises OSError, SyntaxError, struct.error and many others.
    except Exception as error:
        raise Undecodable(Status.TRUNCATED) from error


def _admitted(data: bytes) -> str:
    if not data:
        raise Undecodable(Status.EMPTY)
    if len(data) > MAX_BYTES:
        raise Undecodable(Status.TOO_LARGE)
    format_ = accepted_format(data)
    if format_ is None:
        raise Undecodable(_why_not(data))
    return format_


def _why_not(data: bytes) -> Status:
    """Say why bytes of no format that is read here have no picture."""
    if is_heic(data):
        return Status.HEIC
    return Status.UNSUPPORTED if is_other_picture(data) else Status.NOT_IMAGE


def _picture(data: bytes, format_: str, preprocess: Preprocess) -> NDArray[np.uint8]:
    image, extent = _read(load, data, format_, preprocess.size)
    if format_ == "JPEG":
        check_jpeg(image, data, preprocess.size)
    scaled = _scale(rgb(image), extent, preprocess)
    # Turned last, when few pixels are left: a centred square stays a centred square.
    turn = _UPRIGHT.get(_orientation(image))
    upright = scaled if turn is None else scaled.transpose(turn)
    return np.array(_on_white(upright))


def _shorter_side(data: bytes, format_: str, _: Preprocess) -> NDArray[np.uint8]:
    image, _extent = _read(open_header, data, format_, LONGEST_SIDE)
    return np.full((1, 1, 3), min(*image.size, LONGEST_SIDE), np.uint8)


def _read(
    read: Callable[[bytes, str, int], Opened | Loaded], data: bytes, format_: str, size: int
) -> Opened | Loaded:
    try:
        return read(data, format_, size)
    except (Undecodable, MemoryError, Image.DecompressionBombError):
        raise
    except Exception:
        return salvage(data, format_, size)


def rgb(image: Image.Image) -> Image.Image:
    """Return a loaded picture as RGB, or RGBA where it is transparent, as people expect to see it.

    Both can be averaged. Grey of more than 8 bits is scaled to them (`eight_bits`).
    """
    if image.mode.startswith(("I", "F")):
        return grey_to_rgb(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _scale(image: Image.Image, extent: tuple[float, float], preprocess: Preprocess) -> Image.Image:
    """Scale and crop in one step: only what the crop keeps is resampled."""
    size = preprocess.size
    width, height = extent
    (left, right), (top, bottom) = (0.0, width), (0.0, height)
    if preprocess.resize == "shortest":
        left, right = _centre(width, min(extent), size)
        top, bottom = _centre(height, min(extent), size)
    resampling = Image.Resampling[preprocess.interpolation.upper()]
    if preprocess.resize in ("pad", "bars"):
        colour = BARS if preprocess.resize == "bars" else "white"
        return _padded(image, extent, size, resampling, colour)
    return image.resize((size, size), resampling, box=(left, top, right, bottom))


def _padded(
    image: Image.Image, extent: tuple[float, float], size: int, resampling: Image.Resampling,
    colour: str | tuple[int, int, int],
) -> Image.Image:  # fmt: skip
    width, height = (max(1, round(size * side / max(extent))) for side in extent)
    whole = image.resize((width, height), resampling, box=(0, 0, *extent))
    canvas = Image.new(image.mode, (size, size), colour)
    canvas.paste(whole, ((size - width) // 2, (size - height) // 2))
    return canvas


def without_bars(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Cut off the bars that ``bars`` added: (size, size, 3) -> (height, width, 3)."""
    shown = (picture != np.array(BARS, np.uint8)).any(axis=2)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if not len(rows):
        return picture
    return picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _centre(side: float, shorter: float, size: int) -> tuple[float, float]:
    """Return what a centre crop keeps of a side, rounded as torchvision does for CLIP."""
    scaled = int(size * side / shorter)
    start = round((scaled - size) / 2)
    return start * side / scaled, min((start + size) * side / scaled, side)


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation; with a broken EXIF the picture is kept and not turned."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:
        return 1


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    canvas = Image.new("RGB", image.size, "white")
    canvas.paste(image, mask=image)
    return canvas
