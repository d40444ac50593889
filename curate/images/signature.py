"""What a file is, by its first bytes: names and servers' headers are often wrong."""

from importlib.util import find_spec
from typing import Literal

from PIL import AvifImagePlugin

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"]

HAS_AVIF = AvifImagePlugin.SUPPORTED
"""Pillow can be built without it."""
HAS_HEIF = find_spec("pillow_heif") is not None
"""HEIC, of which iPhones and some cameras make their pictures, is read by a package of its own."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # with a plus: BigTIFF
# A bitmap's second header begins with its own size, which tells its version.
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_UNSUPPORTED = (
    b"IIRO",  # cameras' own kinds of TIFF
    b"IIU\0",
    b"\0\0\x01\0",  # ICO
    b"\0\0\x02\0",  # CUR
    b"8BPS",  # Photoshop
    b"\xff\x0a",  # JPEG XL, bare
    b"\0\0\0\x0cJXL ",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
    b"\xff\x4f\xff\x51",
    b"v/1\x01",  # OpenEXR
    b"#?RADIANCE",
    b"DDS ",
    b"qoif",
    b"icns",
)
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


def accepted_format(data: bytes) -> Format | None:
    """Return the format, if it is one that curate decodes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    # Of Canon's CR2 the first page is something else.
    if data.startswith(_TIFF) and data[8:10] != b"CR":
        return "TIFF"
    # Two letters alone may begin a text.
    if data.startswith(b"BM") and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    if HAS_AVIF and _is_avif(data):
        return "AVIF"
    return "HEIF" if HAS_HEIF and is_heic(data) else None


def is_heic(data: bytes) -> bool:
    """Tell whether this is a HEIC, which is read where pillow-heif is installed."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and not _is_avif(data)


def is_other_picture(data: bytes) -> bool:
    """Tell whether this is a picture of a known format that curate does not decode."""
    return (
        data.startswith(_UNSUPPORTED + _TIFF)
        or (data[4:8] == b"ftyp" and data[8:12] in _AVIF_BRANDS | _HEIC_BRANDS)
        # A bitmap's reserved bytes are zero.
        or (data.startswith(b"BM") and data[6:10] == bytes(4))
        or (data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace())
        or _is_svg(data[:1024])
    )


def _is_avif(data: bytes) -> bool:
    """Read the brands of an ISO media file: the first may be one that HEIC has too."""
    if data[4:8] != b"ftyp" or data[8:12] not in {b"avif", b"avis", b"mif1", b"msf1"}:
        return False
    end = min(int.from_bytes(data[:4], "big"), 256)
    return not _AVIF_BRANDS.isdisjoint(data[at : at + 4] for at in range(8, end, 4))


def _is_svg(head: bytes) -> bool:
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    # A web page may hold an inline <svg>, and XHTML begins as SVG may.
    opens_as_xml = head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg"))
    return opens_as_xml and b"<svg" in head and b"<html" not in head
