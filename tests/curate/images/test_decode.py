import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from curate.images.decode import decode, without_bars
from curate.images.load import load
from curate.images.preprocess import Preprocess
from curate.images.source import MAX_BYTES
from curate.images.status import Status, Undecodable

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
ORIENTATION = 0x0112
SQUARE = Preprocess(32)


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def smooth(width: int = 48, height: int = 32) -> Image.Image:
    """Give each corner a colour of its own, so that a turn or a shift is seen."""
    corners = np.array([[[250, 20, 20], [20, 250, 20]], [[20, 20, 250], [230, 230, 40]]], np.uint8)
    return Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)


def plainly(image: Image.Image, preprocess: Preprocess = SQUARE) -> NDArray[np.int16]:
    """Scale the shorter side, then crop the centre, as torchvision does: the slow reference."""
    size = preprocess.size
    rgb = image.convert("RGB")
    if preprocess.resize == "squash":
        return np.asarray(rgb.resize((size, size), Image.Resampling.BICUBIC), np.int16)
    shape = tuple(int(size * side / min(rgb.size)) for side in rgb.size)
    left, top = (round((side - size) / 2) for side in shape)
    whole = rgb.resize(shape, Image.Resampling.BICUBIC)
    return np.asarray(whole.crop((left, top, left + size, top + size)), np.int16)


def furthest(picture: NDArray[np.uint8], reference: NDArray[np.int16]) -> int:
    assert picture.dtype == np.uint8
    assert picture.shape == reference.shape
    return int(np.abs(picture - reference).max())


def status_of(data: bytes) -> Status:
    with pytest.raises(Undecodable) as caught:
        decode(data, SQUARE)
    return caught.value.status


def png_header(width: int, height: int) -> bytes:
    """A PNG that announces a size and holds no pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + check

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize("resize", ["shortest", "squash"])
@pytest.mark.parametrize("shape", [(48, 32), (21, 45), (97, 61), (32, 32)])
def test_a_picture_is_scaled_as_the_encoder_wants_it(resize: str, shape: tuple[int, int]) -> None:
    preprocess = Preprocess(32, resize=resize)
    image = smooth(*shape)
    assert furthest(decode(encoded(image, "PNG"), preprocess), plainly(image, preprocess)) <= 1


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_the_interpolation_is_the_named_one(interpolation: str) -> None:
    image = smooth(64, 64)
    reference = image.resize((32, 32), Image.Resampling[interpolation.upper()])
    picture = decode(encoded(image, "PNG"), Preprocess(32, interpolation=interpolation))
    assert np.array_equal(picture, np.asarray(reference))


@pytest.mark.parametrize(
    ("format_", "lossy"),
    [("JPEG", 12), ("PNG", 1), ("WEBP", 14), ("GIF", 20), ("TIFF", 1), ("BMP", 1), ("AVIF", 14)],
)
def test_each_format_gives_its_picture(format_: str, lossy: int) -> None:
    data = encoded(smooth(), format_, quality=95)
    assert furthest(decode(data, SQUARE), plainly(smooth())) <= lossy


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_white_stays_white_and_black_black_in_every_png(mode: str) -> None:
    for value in (0, 255):
        image = Image.new("L", (40, 40), value)
        if mode == "I;16":
            image = Image.fromarray(np.full((40, 40), value * 257, np.uint16))
        picture = decode(encoded(image if mode == "I;16" else image.convert(mode), "PNG"), SQUARE)
        assert np.all(picture == value)


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = np.linspace(0, 65535, 32 * 32).astype(np.uint16).reshape(32, 32)
    picture = decode(encoded(Image.fromarray(deep), "PNG"), SQUARE)
    assert np.array_equal(picture[..., 0], deep >> 8)


def test_cmyk_jpegs_show_their_colours() -> None:
    data = encoded(smooth().convert("CMYK"), "JPEG", quality=95)
    assert b"Adobe" in data  # whose inks are stored inverted
    assert furthest(decode(data, SQUARE), plainly(smooth())) <= 9


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_what_is_transparent_is_white(format_: str) -> None:
    hidden = Image.new("RGBA", (40, 40), (200, 0, 0, 0))
    assert np.all(decode(encoded(hidden, format_), SQUARE) == 255)
    half = Image.new("RGBA", (40, 40), (200, 0, 0, 128))
    colour = decode(encoded(half, format_, lossless=True), SQUARE)[16, 16].astype(int)
    assert np.abs(colour - [227, 127, 127]).max() <= 2


def test_a_transparent_palette_entry_is_white() -> None:
    image = Image.new("P", (40, 40), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    for format_ in ("PNG", "GIF"):
        assert np.all(decode(encoded(image, format_, transparency=0), SQUARE) == 255)
        assert np.all(decode(encoded(image, format_, transparency=1), SQUARE) == [200, 0, 0])


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_an_animation_gives_its_first_frame(format_: str) -> None:
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
    red, green, blue = decode(data, SQUARE)[16, 16].astype(int)
    assert red > 230
    assert green < 25
    assert blue < 25


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_picture_stands_upright(orientation: int, format_: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(smooth(60, 40), format_, exif=exif, quality=95)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert furthest(decode(data, SQUARE), plainly(upright)) <= 4


def exif_of(orientation: bytes, resolution: bytes) -> bytes:
    """An EXIF of three entries: orientation, resolution (a fraction) and its unit (inches)."""
    entries = (b"\x01\x12" + orientation, b"\x01\x1a\0\x05\0\0\0\x01\0\0\0\x32")
    unit = b"\x01\x28\0\x03\0\0\0\x01\0\x02\0\0"
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x03" + b"".join(entries) + unit + bytes(4) + resolution


AS_SHORT = b"\0\x03\0\0\0\x01"
AS_FLOAT = b"\0\x0b\0\0\0\x01"
TURNED = exif_of(AS_SHORT + b"\0\x06\0\0", struct.pack(">II", 72, 1))


@given(st.lists(st.tuples(st.integers(6, len(TURNED) - 1), st.integers(0, 255)), min_size=1))
def test_a_broken_exif_does_not_cost_the_picture(changes: list[tuple[int, int]]) -> None:
    exif = bytearray(TURNED)
    for place, value in changes:
        exif[place] = value
    for format_ in ("JPEG", "WEBP"):
        assert decode(encoded(smooth(), format_, exif=bytes(exif)), SQUARE).shape == (32, 32, 3)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1e38])
def test_an_exif_without_numbers_does_not_cost_the_picture(odd: float) -> None:
    exif = exif_of(AS_FLOAT + struct.pack(">f", odd), struct.pack(">II", 0, 0))
    assert furthest(decode(encoded(smooth(), "PNG", exif=exif), SQUARE), plainly(smooth())) <= 3
    assert decode(encoded(smooth(), "JPEG", exif=exif), SQUARE).shape == (32, 32, 3)


def test_a_broken_colour_profile_does_not_cost_the_picture() -> None:
    for format_ in ("JPEG", "PNG", "WEBP"):
        data = encoded(smooth(), format_, icc_profile=b"no profile")
        assert decode(data, SQUARE).shape == (32, 32, 3)


@pytest.mark.parametrize("size", [33, 64, 100])
def test_a_jpeg_decoded_small_looks_as_if_decoded_whole(size: int) -> None:
    preprocess = Preprocess(size)
    data = encoded(smooth(1031, 807), "JPEG", quality=95)
    assert furthest(decode(data, preprocess), plainly(smooth(1031, 807), preprocess)) <= 3


def test_a_jpeg_is_never_decoded_smaller_than_wanted() -> None:
    for side in range(32, 600, 37):
        image, _ = load(encoded(smooth(side, 600), "JPEG"), "JPEG", 32)
        assert min(image.size) >= min(side, 2 * 32)
        assert min(image.size) < 4 * 32 or image.size == (side, 600)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1)])
def test_the_thinnest_pictures_are_pictures(shape: tuple[int, int]) -> None:
    for format_ in FORMATS:
        assert decode(encoded(Image.new("RGB", shape, "red"), format_), SQUARE).shape == (32, 32, 3)


@pytest.mark.parametrize("size", [(48, 24), (24, 48)])
def test_a_padded_picture_is_whole_and_centred_on_white(size: tuple[int, int]) -> None:
    black = encoded(Image.new("RGB", size, "black"), "PNG")
    found = decode(black, Preprocess(32, "bilinear", "pad"))
    drawn = np.argwhere(found.sum(axis=2) == 0)
    width, height = (32 * side // 48 for side in size)
    top, left = (32 - height) // 2, (32 - width) // 2
    assert drawn.min(axis=0).tolist() == [top, left]
    assert drawn.max(axis=0).tolist() == [top + height - 1, left + width - 1]
    assert len(drawn) == width * height
    assert (found[[0, -1], [0, -1]] == 255).all()


def test_no_bytes_are_empty() -> None:
    assert status_of(b"") == Status.EMPTY


def test_a_page_is_not_an_image_and_an_icon_is_unsupported() -> None:
    assert status_of(b"<!DOCTYPE html><html>404 Not Found</html>") == Status.NOT_IMAGE
    assert status_of(encoded(smooth(), "ICO")) == Status.UNSUPPORTED
    assert status_of(encoded(smooth(), "JPEG2000")) == Status.UNSUPPORTED


@pytest.mark.parametrize("format_", FORMATS)
def test_half_a_picture_is_truncated(format_: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), format_)
    assert status_of(data[: len(data) // 2]) == Status.TRUNCATED
    assert status_of(data[:20]) == Status.TRUNCATED


def test_too_many_bytes_are_not_looked_at() -> None:
    assert status_of(bytes(MAX_BYTES + 1)) == Status.TOO_LARGE


@pytest.mark.parametrize("shape", [(20_000, 10_000), (12_000, 11_000), (2**31 - 1, 2**31 - 1)])
def test_a_png_of_200_megapixels_is_refused_by_its_header(shape: tuple[int, int]) -> None:
    assert status_of(png_header(*shape)) == Status.TOO_LARGE


def test_a_gif_of_4_gigapixels_is_refused_by_its_header() -> None:
    data = bytearray(encoded(smooth(), "GIF"))
    data[6:10] = b"\xff" * 4
    assert status_of(bytes(data)) == Status.TOO_LARGE


def test_a_webp_of_268_megapixels_is_refused_by_its_header() -> None:
    data = bytearray(encoded(smooth(), "WEBP", lossless=True))
    data[21:25] = struct.pack("<I", 16382 | 16382 << 14)
    assert status_of(bytes(data)) == Status.TOO_LARGE


def test_a_jpeg_of_4_gigapixels_is_refused_by_its_header() -> None:
    data = bytearray(encoded(smooth(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff" * 4
    assert status_of(bytes(data)) == Status.TOO_LARGE


def test_running_out_of_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    data = encoded(smooth(), "PNG")
    monkeypatch.setattr(Image.Image, "resize", exhausted)
    assert status_of(data) == Status.TOO_LARGE


def damaged() -> st.SearchStrategy[bytes]:
    """Pictures that were cut off, or of which some bytes are others."""
    originals = [
        encoded(smooth(), "JPEG", exif=TURNED),
        encoded(smooth(), "JPEG", progressive=True),
        encoded(smooth().convert("CMYK"), "JPEG"),
        encoded(smooth(), "PNG", icc_profile=b"profile"),
        encoded(smooth().convert("P"), "PNG", transparency=1),
        encoded(smooth(), "WEBP"),
        encoded(smooth(), "WEBP", lossless=True, exif=b"Exif\0\0II*\0"),
        encoded(smooth(), "GIF"),
        encoded(smooth(), "GIF", save_all=True, append_images=[smooth().rotate(90)]),
    ]

    def damage(data: bytes, cut: float, changes: list[tuple[float, int]]) -> bytes:
        whole = bytearray(data)
        for place, value in changes:
            whole[int(place * len(whole))] = value
        return bytes(whole[: int(cut * len(whole)) + 1])

    share = st.floats(0, 1, exclude_max=True)
    changes = st.lists(st.tuples(share, st.integers(0, 255)), max_size=8)
    return st.builds(damage, st.sampled_from(originals), st.just(0.999999) | share, changes)


@settings(max_examples=600, deadline=None)
@given(damaged())
def test_damage_gives_a_picture_or_a_reason(data: bytes) -> None:
    try:
        picture = decode(data, SQUARE)
    except Undecodable as error:
        assert error.status in set(Status) - {Status.OK, Status.CRASHED, Status.TIMEOUT}
    else:
        assert picture.shape == (32, 32, 3)


@settings(max_examples=200)
@given(st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a"]), st.binary())
def test_junk_gives_a_picture_or_a_reason(start: bytes, body: bytes) -> None:
    try:
        assert decode(start + body, SQUARE).shape == (32, 32, 3)
    except Undecodable as error:
        assert error.status != Status.OK


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("shape", [(48, 32), (32, 48), (40, 40), (400, 3), (1, 1)])
def test_bars_keeps_the_whole_picture_and_its_proportions(
    format_: str, shape: tuple[int, int]
) -> None:
    size = 64
    picture = decode(encoded(smooth(*shape), format_), Preprocess(size, resize="bars"))
    assert picture.shape == (size, size, 3)
    height, width, _ = without_bars(picture).shape
    assert max(width, height) == size
    assert abs(height - max(1, size * shape[1] / max(shape))) <= 1
    assert abs(width - max(1, size * shape[0] / max(shape))) <= 1


def test_bars_turns_upright_and_shows_corners() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(smooth(64, 32), "JPEG", quality=95, exif=exif)
    picture = without_bars(decode(data, Preprocess(64, resize="bars")))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    reference = np.asarray(upright.resize((32, 64), Image.Resampling.BICUBIC), np.int16)
    assert furthest(picture, reference) < 12


def test_bars_puts_transparent_pictures_on_white() -> None:
    data = encoded(Image.new("RGBA", (32, 16), (255, 0, 0, 0)), "PNG")
    picture = without_bars(decode(data, Preprocess(64, resize="bars")))
    assert picture.shape == (32, 64, 3)
    assert (picture == 255).all()
