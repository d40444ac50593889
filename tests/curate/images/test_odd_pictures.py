"""Pictures of every mode and format that Pillow writes: what it reads whole has features."""

import io
import itertools
import struct
import warnings
import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.status import Status, Undecodable

SQUARE = Preprocess(16)
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I",
         "I;16", "I;16B", "F", "La", "RGBa")  # fmt: skip
TIFF_COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate",
                     "jpeg", "group3", "group4", "lzma", "zstd", "webp", "tiff_ccitt")  # fmt: skip
OPTIONS: dict[str, list[dict[str, object]]] = {
    "JPEG": [{}, {"progressive": True}, {"optimize": True}, {"quality": 1}, {"quality": 100},
             {"subsampling": 0}, {"subsampling": 1}, {"restart_marker_rows": 1},
             {"keep_rgb": True}, {"comment": b"x" * 60_000}, {"icc_profile": b"none"},
             {"exif": b"Exif\0\0broken"}],
    "PNG": [{}, {"optimize": True}, {"compress_level": 0}, {"bits": 1}, {"bits": 2}, {"bits": 4},
            {"transparency": 0}, {"icc_profile": b"none"}, {"exif": b"Exif\0\0broken"}],
    "GIF": [{}, {"interlace": 1}, {"transparency": 0}, {"comment": b"y" * 70_000}],
    "WEBP": [{}, {"lossless": True}, {"quality": 0}, {"exact": True, "lossless": True},
             {"icc_profile": b"none"}, {"exif": b"Exif\0\0broken"}],
    "BMP": [{}],
    "AVIF": [{}, {"quality": 0}, {"subsampling": "4:0:0"}, {"subsampling": "4:4:4"}],
    "TIFF": [{"compression": name} for name in TIFF_COMPRESSIONS]
    + [{"big_tiff": True}, {"tiffinfo": {274: 6}}, {"tiffinfo": {278: 1}}],
}  # fmt: skip


def colourful(mode: str, width: int, height: int) -> Image.Image:
    values = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
    image = Image.fromarray(values[..., :3])
    if mode.startswith("I;16"):
        deep = values[..., 0].astype("<u2" if mode == "I;16" else ">u2") * 13
        return Image.fromarray(deep)
    if mode in ("PA", "La", "RGBa"):
        return image.convert({"PA": "P", "La": "LA", "RGBa": "RGBA"}[mode]).convert(mode)
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        return ImageCms.applyTransform(image, to_lab) or image
    return image.convert(mode)


def odd_pictures() -> Iterator[tuple[str, bytes]]:
    sizes = ((1, 1), (3, 40), (33, 17))
    for format_, mode, size in itertools.product(OPTIONS, MODES, sizes):
        for number, options in enumerate(OPTIONS[format_]):
            file = io.BytesIO()
            try:
                colourful(mode, *size).save(file, format_, **options)
            except (OSError, ValueError, KeyError, TypeError, SystemError, RuntimeError):
                continue  # Pillow does not write it.
            yield f"{format_} {mode} {size} {number}", file.getvalue()


def pillow_reads(data: bytes) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(data)) as image:
            image.load()
    except Exception:
        return False
    return True


def status_of(data: bytes) -> Status:
    try:
        assert decode(data, SQUARE).shape == (16, 16, 3)
    except Undecodable as error:
        return error.status
    return Status.OK


def test_what_pillow_reads_whole_is_ok() -> None:
    pictures = list(odd_pictures())
    assert len(pictures) > 1000
    found = {name: status_of(data) for name, data in pictures if pillow_reads(data)}
    assert {name: status for name, status in found.items() if status != Status.OK} == {}
    assert len(found) > 1000


def test_what_follows_a_picture_does_not_matter() -> None:
    for format_ in OPTIONS:
        file = io.BytesIO()
        colourful("RGB", 24, 24).save(file, format_)
        for garbage in (bytes(1000), b"\xff" * 7, b"<html>", file.getvalue()):
            assert status_of(file.getvalue() + garbage) == Status.OK, format_


def png_with(*extras: bytes, before_pixels: bool = True) -> bytes:
    file = io.BytesIO()
    colourful("RGB", 24, 24).save(file, "PNG")
    data = file.getvalue()
    at = data.index(b"IDAT" if before_pixels else b"IEND") - 4
    return data[:at] + b"".join(extras) + data[at:]


def chunk(name: bytes, body: bytes, error: int = 0) -> bytes:
    check = zlib.crc32(name + body) ^ error
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)


LONG_TEXT = zlib.compress(b"x" * 2 * PngImagePlugin.MAX_TEXT_CHUNK)
EXTRAS = {
    "a long zTXt": chunk(b"zTXt", b"comment\0\0" + LONG_TEXT),
    "a long iTXt": chunk(b"iTXt", b"comment\0\1\0\0\0" + LONG_TEXT),
    "a broken zTXt": chunk(b"zTXt", b"comment\0\0junk"),
    "a text with a wrong sum": chunk(b"tEXt", b"comment\0text", error=1),
    "a gamma with a wrong sum": chunk(b"gAMA", bytes(4), error=1),
    "a gamma that is too short": chunk(b"gAMA", b"\0"),
    "a size in metres that is too short": chunk(b"pHYs", b"\0"),
    "an EXIF with a wrong sum": chunk(b"eXIf", b"MM\0*", error=1),
    "a profile with a wrong sum": chunk(b"iCCP", b"icc\0\0" + zlib.compress(b"icc"), error=1),
    "a profile that bursts": chunk(b"iCCP", b"icc\0\0" + LONG_TEXT),
    "an animation of no frames": chunk(b"acTL", bytes(8)),
    "a control of frames that is too short": chunk(b"fcTL", bytes(3)),
}


@pytest.mark.parametrize("before_pixels", [True, False])
@pytest.mark.parametrize("extra", EXTRAS)
def test_what_a_png_says_beside_its_pixels_does_not_cost_it(
    extra: str, before_pixels: bool
) -> None:
    data = png_with(EXTRAS[extra], before_pixels=before_pixels)
    assert np.array_equal(decode(data, SQUARE), decode(png_with(), SQUARE))


def test_a_png_whose_pixels_have_a_wrong_sum_is_damaged() -> None:
    whole = png_with()
    for place in range(whole.index(b"IDAT") + 4, whole.index(b"IEND") - 4, 40):
        data = bytearray(whole)
        data[place] ^= 1
        assert status_of(bytes(data)) == Status.TRUNCATED, place


def test_the_first_picture_of_an_mpo_is_taken() -> None:
    first, second = (Image.new("RGB", (40, 40), colour) for colour in ("red", "blue"))
    file = io.BytesIO()
    first.save(file, "MPO", save_all=True, append_images=[second])
    for data in (file.getvalue(), file.getvalue()[:-20]):
        red, green, blue = decode(data, SQUARE)[8, 8].astype(int)
        assert red > 230
        assert green + blue < 25
