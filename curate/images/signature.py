"""What a file says that it is, by its first bytes; names and headers of senders often lie."""

from typing import Literal

Format = Literal["JPEG", "PNG", "WEBP", "GIF"]

_UNSUPPORTED = (
    b"II*\0",  # TIFF, and most cameras' raw formats
    b"MM\0*",
    b"II+\0",  # BigTIFF
    b"MM\0+",
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
_HEIF_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


def accepted_format(data: bytes) -> Format | None:
    """Return the format, if it is one of the four that are decoded."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    return None


def is_other_picture(data: bytes) -> bool:
    """Tell whether this is a picture of a known format that is not decoded."""
    return (
        data.startswith(_UNSUPPORTED)
        or (data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS)
        # Two letters alone may begin a text; a bitmap's reserved bytes are zero.
        or (data.startswith(b"BM") and data[6:10] == bytes(4))
        or (data[:1] == b"P" and data[1:2] in b"123456" and data[2:3].isspace())
        or _is_svg(data[:1024])
    )


def _is_svg(head: bytes) -> bool:
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    # A web page may hold an inline <svg>, and XHTML begins as SVG may.
    opens_as_xml = head.startswith((b"<svg", b"<?xml", b"<!--", b"<!doctype svg"))
    return opens_as_xml and b"<svg" in head and b"<html" not in head
