"""Read a picture's pixels with Pillow: all of them, or an error."""

import io
from typing import NamedTuple

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from curate.images.depth import join_bytes, uses_little
from curate.images.signature import HAS_HEIF
from curate.images.status import Status, Undecodable

# Importing registers them. Otherwise Image.open would import all of Pillow's plugins.
PLUGINS = (AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin,
           PngImagePlugin, TiffImagePlugin, WebPImagePlugin)  # fmt: skip
if HAS_HEIF:
    from pillow_heif import register_heif_opener

    register_heif_opener()

MAX_PIXELS = 128_000_000
"""Pixels that a header may announce; decoded they take 512 MB."""

DRAFT_GAP = 2
"""A JPEG is decoded at no less than this many times the wanted size, then resampled."""

LOWER_BYTES = {"RGB;16B": "RGB;16L", "RGB;16L": "RGB;16B", "RGB;16N": "RGB;16B",
               "RGBA;16B": "RGBA;16L", "RGBA;16L": "RGBA;16B", "RGBA;16N": "RGBA;16B"}  # fmt: skip
"""Pillow keeps the upper bytes of 16-bit colours; in the other order it keeps the lower ones."""


Extent = tuple[float, float]
"""Width and height of a whole picture, in its own pixels; they may be fractions."""


class Opened(NamedTuple):
    """A picture whose header was read."""

    image: ImageFile.ImageFile
    extent: Extent


class Loaded(NamedTuple):
    """A picture whose pixels were decoded."""

    image: Image.Image
    extent: Extent


def open_header(data: bytes, format_: str, size: int) -> Opened:
    """Read the header; a JPEG will be decoded at 1/2, 1/4 or 1/8 if that is enough for ``size``.

    Raises `Undecodable` if it announces too many pixels, and whatever Pillow raises.
    """
    image = Image.open(io.BytesIO(data), formats=[format_])
    if image.width * image.height > MAX_PIXELS:
        raise Undecodable(Status.TOO_LARGE)
    drafted = image.draft(None, (DRAFT_GAP * size, DRAFT_GAP * size))
    return Opened(image, image.size if drafted is None else drafted[1][2:])


def load(data: bytes, format_: str, size: int) -> Loaded:
    """Decode the first frame or page. Raises what Pillow raises if it cannot read everything."""
    image, extent = open_header(data, format_, size)
    lower = LOWER_BYTES.get(_raw_mode(image))
    image.load()
    if lower is not None and uses_little(image):
        return Loaded(join_bytes(image, _load_as(lower, data, format_, size)), extent)
    # A TIFF turns itself upright as it is loaded.
    return Loaded(image, image.size if format_ == "TIFF" else extent)


def _raw_mode(image: ImageFile.ImageFile) -> str:
    arguments = image.tile[0].args if image.tile else None
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _load_as(raw_mode: str, data: bytes, format_: str, size: int) -> Image.Image:
    image = open_header(data, format_, size).image
    image.tile = [
        tile._replace(args=(raw_mode, *tile.args[1:]) if isinstance(tile.args, tuple) else raw_mode)
        for tile in image.tile
    ]
    image.load()
    return image
