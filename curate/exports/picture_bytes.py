"""The bytes of a picture for an output: read, named after their format, saved or linked to."""

from pathlib import Path
from typing import NamedTuple

from curate.images.signature import accepted_format
from curate.images.source import FileSlice, ImageSource, read
from curate.images.status import Undecodable
from curate.store.urls import is_remote

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tif", "BMP": "bmp",
           "AVIF": "avif", "HEIF": "heic"}  # fmt: skip


class Picture(NamedTuple):
    """The bytes of a picture as the crawl has them, never encoded again."""

    data: bytes
    ending: str
    """The file name's ending, by the first bytes."""
    path: Path | None
    """Its file on this computer, if it has one of its own."""
    slice: FileSlice | None = None
    """Where it lies, if it is a piece of a tar."""


def read_picture(source: ImageSource | None) -> Picture | None:
    """Read a picture; None if it cannot be read, or its format is not one that curate decodes."""
    if source is None:
        return None
    try:
        data = read(source)
    except Undecodable:
        return None
    format_ = accepted_format(data)
    if format_ is None:
        return None
    if isinstance(source, bytes):
        return Picture(data, ENDINGS[format_], None)
    if source.length is not None:
        return Picture(data, ENDINGS[format_], None, source)
    return Picture(data, ENDINGS[format_], None if is_remote(source.path) else source.path)


def save_picture(picture: Picture, file: Path, link: bool) -> None:
    """Write a picture, or with ``link`` a link to its file where it has one."""
    if link and picture.path is not None:
        file.symlink_to(picture.path.resolve())
    else:
        file.write_bytes(picture.data)
