"""What of a cut file is a picture, at several cut points."""

import io

import numpy as np
import pytest
from PIL import Image

from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.status import Status, Undecodable

SQUARE = Preprocess(64)
KINDS: dict[str, dict[str, object]] = {
    "JPEG": {},
    "JPEG progressive": {"progressive": True},
    "JPEG without subsampling": {"subsampling": 0},
    "JPEG with restarts": {"restart_marker_rows": 1},
    "JPEG with restarts within rows": {"restart_marker_blocks": 3},
    "PNG": {},
    "GIF": {},
    "GIF interlaced": {"interlace": 1},
    "BMP": {},
    "TIFF": {},
    "WEBP": {},
    "WEBP lossless": {"lossless": True},
}


def photograph(width: int = 320, height: int = 200) -> Image.Image:
    """Give smooth blobs of colour with some grain: (height, width)."""
    rng = np.random.default_rng(0)
    blobs = Image.fromarray(rng.integers(0, 256, (7, 10, 3), np.uint8)).resize((width, height))
    grain = rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(blobs) + grain, 0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind.split()[0], **KINDS.get(kind, {}))
    return file.getvalue()


def status_of(data: bytes, size: int = 64) -> Status:
    try:
        decode(data, Preprocess(size))
    except Undecodable as error:
        return error.status
    return Status.OK


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_without_its_last_bytes_is_a_picture(kind: str, lost: int) -> None:
    whole = encoded(photograph(), kind)
    for size in (16, 64, 224):
        close = decode(whole[:-lost], Preprocess(size)).astype(int)
        assert np.abs(close - decode(whole, Preprocess(size))).mean() < 2


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("WEBP")])
def test_a_file_that_lacks_a_hundredth_is_a_picture(kind: str) -> None:
    whole = encoded(photograph(), kind)
    assert status_of(whole[: int(len(whole) * 0.99)]) == Status.OK


@pytest.mark.parametrize("kept", [0.6, 0.5, 0.25, 0.1, 0.01])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_lacks_much_of_it_is_truncated(kind: str, kept: float) -> None:
    whole = encoded(photograph(), kind)
    for size in (16, 64, 224):
        assert status_of(whole[: int(len(whole) * kept)], size) == Status.TRUNCATED


def test_a_progressive_jpeg_is_a_picture_from_its_last_scan_on() -> None:
    whole = encoded(photograph(), "JPEG progressive")
    last = whole.rindex(b"\xff\xda")
    assert status_of(whole[: last - 4]) == Status.TRUNCATED
    assert status_of(whole[: last + 200]) == Status.OK
    coarse = decode(whole[: last + 200], SQUARE).astype(int)
    assert np.abs(coarse - decode(whole, SQUARE)).mean() < 4


@pytest.mark.parametrize("shape", [(32, 32), (48, 48), (96, 96)])
def test_small_jpegs_without_an_end_are_pictures(shape: tuple[int, int]) -> None:
    for mode in ("L", "RGB", "CMYK"):
        whole = encoded(photograph(*shape).convert(mode), "JPEG")
        for lost in (1, 2, 3, 4):
            assert status_of(whole[:-lost]) == Status.OK, (mode, lost)
        assert status_of(whole[: len(whole) // 2]) == Status.TRUNCATED


@pytest.mark.parametrize("kept", [0.6, 0.5, 0.2])
def test_a_jpeg_that_is_half_grey_is_truncated_though_it_has_an_end(kept: float) -> None:
    for kind in (kind for kind in KINDS if kind.startswith("JPEG") and "progr" not in kind):
        whole = encoded(photograph(), kind)
        assert status_of(whole[: int(len(whole) * kept)] + b"\xff\xd9") == Status.TRUNCATED, kind


@pytest.mark.parametrize("shape", [(16, 16), (48, 48), (320, 200), (1000, 800)])
def test_a_picture_that_is_grey_is_a_picture(shape: tuple[int, int]) -> None:
    for mode in ("L", "RGB"):
        image = Image.new(mode, shape, "#808080")
        image.paste(photograph(8, 8).convert(mode), (0, 0))
        for kind in KINDS:
            for size in (16, 224):
                assert status_of(encoded(image, kind), size) == Status.OK, kind


def test_a_webp_loses_what_stands_behind_its_picture() -> None:
    file = io.BytesIO()
    photograph().save(file, "WEBP", exif=b"Exif\0\0MM\0*" + bytes(400))
    assert status_of(file.getvalue()[:-150]) == Status.OK


def test_a_gif_whose_missing_part_would_be_transparent_is_truncated() -> None:
    file = io.BytesIO()
    photograph().convert("P").save(file, "GIF", transparency=0)
    assert status_of(file.getvalue()[: file.tell() // 2]) == Status.TRUNCATED
