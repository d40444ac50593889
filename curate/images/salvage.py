"""Recover pictures from damaged files, if enough of the picture was really decoded.

A picture counts as whole where nine tenths of its pixels, or of a WebP its bytes, are there.
Of a JPEG, missing pixels are those that libjpeg left grey; one in several scans, as a progressive
one, is coarse but complete as soon as its last scan has begun.
"""

import re
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from curate.images.load import Loaded, load, open_header
from curate.images.status import Status, Undecodable

LEAST_DECODED = 0.9
"""Share of a picture."""
GREY = {127, 128}
"""What libjpeg makes of coefficients that are all zero."""
HELD_BACK = 34
"""Rows that libjpeg may have decoded but not given out when its data end: a row of blocks."""

_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf")
_END = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker in a scan's data that is neither a stuffed zero nor a restart."""
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}


def salvage(data: bytes, format_: str, size: int) -> Loaded:
    """Decode what Pillow refused. Raises `Undecodable` (truncated), or what Pillow raises."""
    if format_ == "PNG":
        data = _without_extras(data)
        try:
            return load(data, format_, size)
        except OSError:
            if data[-8:-4] == b"IEND":  # It is whole, but its pixels are damaged.
                raise
    if format_ == "JPEG":
        return _jpeg(data, size)
    if format_ == "WEBP":
        return _webp(data, size)
    # Pillow decodes a GIF by blocks of 255 bytes.
    more = 255 if format_ == "GIF" else 0
    first, second = (_partly(data + bytes([n]) * more, format_, size, n) for n in (0, 255))
    if np.mean(_same(first.image, second.image)) < LEAST_DECODED:
        raise Undecodable(Status.TRUNCATED)
    return first


def check_jpeg(image: Image.Image, data: bytes, size: int) -> None:
    """Raise `Undecodable` (truncated) for a JPEG that was cut and then given an end marker.

    Libjpeg leaves what is missing grey; few pictures end in exactly that colour.
    """
    last = image.getpixel((image.width - 1, image.height - 1))
    if not GREY.issuperset(last if isinstance(last, tuple) else (last,)):
        return
    scans = _read_scans(data)
    if scans.number == 1:
        rows = _decoded_rows(data[: scans.end].rstrip(b"\xff"), size)
        scale = (getattr(image, "decoderconfig", None) or (1,))[0]
        if rows < LEAST_DECODED * image.height - HELD_BACK / scale:
            raise Undecodable(Status.TRUNCATED)


def _same(first: Image.Image, second: Image.Image) -> NDArray[np.bool_]:
    """Return a mask (height, width) of the pixels that are equal."""
    same = np.equal(np.asarray(first), np.asarray(second))
    whole: NDArray[np.bool_] = same.reshape(first.height, first.width, -1).all(axis=2)
    return whole


def _partly(data: bytes, format_: str, size: int, fill: int) -> Loaded:
    """Decode as much as possible; the rest has the colour ``fill``."""
    image, extent = open_header(data, format_, size)
    if format_ == "GIF" and "transparency" in image.info:
        raise Undecodable(Status.TRUNCATED)  # Pillow fills it itself.
    image.im = Image.new(image.mode, image.size, fill).im
    try:
        image.load()
    except (OSError, ValueError, SyntaxError):
        image.tile = []
    return Loaded(image, extent)


def _without_extras(data: bytes) -> bytes:
    """Keep of a PNG what is needed to show it: broken or huge texts and profiles are not."""
    at, kept = 8, [data[:8]]
    while at < len(data):
        chunk = data[at : at + 12 + int.from_bytes(data[at : at + 4], "big")]
        if chunk[4:8] in _PNG_KEPT and (chunk[4:5].isupper() or _is_sound(chunk)):
            kept.append(chunk)
        at += len(chunk)
    return b"".join(kept)


def _is_sound(chunk: bytes) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _webp(data: bytes, size: int) -> Loaded:
    """Decode a WebP whose last chunk is cut.

    Behind a picture two kinds of nothing are put, on which it must not depend; other chunks are
    left out.
    """
    at = end = 12
    while end < len(data):
        at, length = end, int.from_bytes(data[end + 4 : end + 8], "little")
        end = at + 8 + length + length % 2
    missing = end - len(data)
    if data[at : at + 4] not in (b"VP8 ", b"VP8L"):
        return load(_riff(data[12:at]), "WEBP", size)
    if not 0 < missing <= (1 - LEAST_DECODED) * length:
        raise Undecodable(Status.TRUNCATED)
    first, second = (load(_with_nothing(data, at, n, missing), "WEBP", size) for n in (0, 255))
    if np.mean(_same(first.image, second.image)) < LEAST_DECODED:
        raise Undecodable(Status.TRUNCATED)
    return first


def _with_nothing(data: bytes, at: int, nothing: int, missing: int) -> bytes:
    # Decoders may read further into nothing than into what was there.
    body = data[at + 8 :] + bytes([nothing]) * (4 * missing + 1024)
    body += bytes(len(body) % 2)
    return _riff(data[12 : at + 4] + len(body).to_bytes(4, "little") + body)


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + (4 + len(chunks)).to_bytes(4, "little") + b"WEBP" + chunks


def _jpeg(data: bytes, size: int) -> Loaded:
    scans = _read_scans(data)
    if not scans.are_all:
        raise Undecodable(Status.TRUNCATED)
    complete = data[: scans.end].rstrip(b"\xff")
    loaded = load(complete + _END, "JPEG", size)
    if scans.number == 1:
        # A row of blocks that is not whole is not given out before the end.
        rest = np.asarray(loaded.image)[_decoded_rows(complete, size) :]
        missing = _is_grey(rest.reshape(*rest.shape[:2], -1)).all(axis=2).sum()
        if missing > (1 - LEAST_DECODED) * loaded.image.width * loaded.image.height:
            raise Undecodable(Status.TRUNCATED)
    return loaded


def _decoded_rows(data: bytes, size: int) -> int:
    """Count the rows that libjpeg gives out before the data end."""
    first, second = (_partly(data, "JPEG", size, fill) for fill in (0, 255))
    return int(np.append(_same(first.image, second.image).all(axis=1), False).argmin())


def _is_grey(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    grey: NDArray[np.bool_] = np.isin(pixels, list(GREY))
    return grey


class _Scans(NamedTuple):
    number: int
    end: int
    """Where the data of the last scan end."""
    are_all: bool
    """Whether the scan that makes the picture exact has begun for all colours."""


def _read_scans(data: bytes) -> _Scans:
    """Walk through a JPEG's segments up to its end."""
    at, count, is_progressive = 2, 0, False
    components, exact = set[int](), set[tuple[int, bool]]()
    while (found := _MARKER.search(data, at)) is not None and data[found.start() + 1] != 0xD9:
        at = found.start() + 2
        kind, length = data[at - 1], int.from_bytes(data[at : at + 2], "big")
        body = data[at + 2 : at + length]
        if kind in _FRAMES:
            components, is_progressive = set(body[6::3]), kind in _PROGRESSIVE
        if kind == 0xDA and len(body) > 3:
            count += 1
            exact |= _exact(body, is_progressive)
        at += length
    wanted = {(component, high) for component in components for high in (False, True)}
    return _Scans(count, found.start() if found else len(data), bool(count) and exact >= wanted)


def _exact(header: bytes, is_progressive: bool) -> set[tuple[int, bool]]:
    """List the colours whose mean (False) or details (True) a scan makes exact."""
    components, first, last, bits_left = header[1:-3:2], header[-3], header[-2], header[-1] & 15
    if not is_progressive:
        first, last, bits_left = 0, 63, 0
    parts = (first == 0, False), (last == 63, True)
    return {(c, high) for c in components for yes, high in parts if yes and not bits_left}
