import io

import pytest
from PIL import Image

from curate.images.signature import accepted_format, is_other_picture


def encoded(format_: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, format_)
    return file.getvalue()


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_formats_that_are_decoded_are_accepted(format_: str) -> None:
    data = encoded(format_)
    assert accepted_format(data) == format_


@pytest.mark.parametrize("format_", ["ICO", "PPM", "JPEG2000", "DDS"])
def test_other_formats_are_known_as_pictures(format_: str) -> None:
    data = encoded(format_)
    assert accepted_format(data) is None
    assert is_other_picture(data)


@pytest.mark.parametrize(
    "head",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><svg width="1"/>',
        b"8BPS\0\x01",
        b"\0\0\0\x0cJXL \r\n\x87\n",
        b"II*\0\x10\0\0\0CR\x02\0",  # a camera's own
        b"BM" + bytes(12) + b"\x10\0\0\0",  # a bitmap with a header that Pillow does not know
    ],
)
def test_pictures_that_pillow_cannot_write_are_known_too(head: bytes) -> None:
    assert accepted_format(head) is None
    assert is_other_picture(head)


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE html><html><body><svg></svg>403 Forbidden",
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><svg/></html>',
        b'{"error": "not found"}',
        b"BM: a text that begins as a bitmap does",
        b"\0\0\0\x18ftypisom",  # a video
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"%PDF-1.7",
        b"P",
        b"\xff\xd8",
        bytes(64),
    ],
)
def test_pages_texts_videos_are_no_pictures(head: bytes) -> None:
    assert accepted_format(head) is None
    assert not is_other_picture(head)
