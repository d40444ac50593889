import io
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from curate.images.decode import decode
from curate.images.depth import eight_bits
from curate.images.preprocess import Preprocess

SQUARE = Preprocess(32)


def shown(
    values: NDArray[np.generic], format_: str = "TIFF", **options: object
) -> NDArray[np.int16]:
    """Decode what Pillow wrote of these values: (32, 32), grey."""
    file = io.BytesIO()
    Image.fromarray(values).save(file, format_, **options)
    picture = decode(file.getvalue(), SQUARE)
    assert (picture == picture[..., :1]).all()
    return picture[..., 0].astype(np.int16)


def ramp(low: float, high: float, kind: str) -> NDArray[np.generic]:
    return np.linspace(low, high, 32 * 32).reshape(32, 32).astype(kind)


WHOLE = ramp(0, 255, "u1").astype(np.int16)


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
@pytest.mark.parametrize("range_", [(0, 1), (0, 100), (0, 4095), (1000, 3000), (30_000, 34_000)])
def test_sixteen_bits_of_which_a_part_is_used_are_seen(
    range_: tuple[int, int], format_: str
) -> None:
    picture = shown(ramp(*range_, "u2"), format_)
    assert picture.min() == 0
    assert picture.max() == 255
    if range_[1] > 1:
        assert np.abs(picture - WHOLE).max() <= 6


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0, 65535, "u2"), (0, 255, "u2"), (0, 65535, "i4"), (0, 255, "i4"), (-500, 1500, "i2"),
     (0, 1, "f4"), (0, 255, "f4"), (-1e30, 1e30, "f4"), (1e6, 1e6 + 1000, "f4"),
     (2**31 - 1000, 2**31 - 1, "i4")],
)  # fmt: skip
def test_other_values_are_shown_as_their_bytes_would_be(low: float, high: float, kind: str) -> None:
    assert np.abs(shown(ramp(low, high, kind)) - WHOLE).max() <= 6


def test_a_picture_that_uses_its_range_keeps_its_brightness() -> None:
    values = ramp(8192, 49152, "u2")
    assert np.array_equal(shown(values, "PNG"), values >> 8)


def test_a_few_hot_pixels_do_not_make_the_rest_black() -> None:
    values = ramp(100, 1100, "u2")
    values[3, 5] = 65535
    assert np.abs(shown(values) - WHOLE)[10:].max() <= 6


def test_a_few_bright_pixels_on_black_are_seen() -> None:
    values = np.zeros((32, 32), np.uint16)
    values[4, 4:6] = 700
    picture = shown(values)
    assert picture.max() == 255
    assert (picture > 0).sum() == 2


@pytest.mark.parametrize("value", [0, 1, 200, 4095, 65535])
@pytest.mark.parametrize("kind", ["u2", "i4", "f4"])
def test_a_picture_of_one_value_is_one_colour(value: int, kind: str) -> None:
    with warnings.catch_warnings(action="error"):
        picture = shown(np.full((40, 40), value, kind))
    assert (picture == picture[0, 0]).all()
    assert (value > 0) or picture[0, 0] == 0


def test_values_that_are_no_numbers_are_black() -> None:
    values = ramp(0, 1, "f4")
    values[0], values[1] = np.nan, -np.inf
    picture = shown(values)
    assert (picture[:2] == 0).all()
    assert picture[-1].min() > 240
    assert (shown(np.full((32, 32), np.nan, "f4")) == 0).all()


def test_white_may_be_zero() -> None:
    values = ramp(0, 4095, "u2")
    assert np.abs(shown(values, tiffinfo={262: 0}) - (255 - WHOLE)).max() <= 6


def sixteen_bit_colours(values: NDArray[np.uint16]) -> bytes:
    """Write (height, width, 3) as a plain TIFF, which Pillow cannot."""
    height, width, _ = values.shape
    entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, 3, 8 + 2 + 9 * 12 + 4),
               (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 200), (277, 3, 1, 3),
               (278, 3, 1, height), (279, 4, 1, values.nbytes)]  # fmt: skip
    table = np.array(entries, [("tag", "<u2"), ("kind", "<u2"), ("n", "<u4"), ("v", "<u4")])
    head = b"II*\0\x08\0\0\0" + len(entries).to_bytes(2, "little") + table.tobytes() + bytes(4)
    head += np.full(3, 16, "<u2").tobytes()
    return head.ljust(200, b"\0") + values.astype("<u2").tobytes()


def test_colours_of_sixteen_bits_are_seen_too() -> None:
    grey = ramp(0, 4095, "u2")
    colours = np.stack([grey, grey // 2, np.zeros_like(grey)], 2)
    picture = decode(sixteen_bit_colours(colours), SQUARE).astype(np.int16)
    assert np.abs(picture[..., 0] - WHOLE).max() <= 8
    assert np.abs(picture[..., 1] - WHOLE // 2).max() <= 8
    assert picture[..., 2].max() == 0


def test_colours_that_use_sixteen_bits_keep_their_brightness() -> None:
    colours = np.stack([ramp(0, 60_000, "u2")] * 3, 2)
    picture = decode(sixteen_bit_colours(colours), SQUARE)
    assert np.array_equal(picture, (colours >> 8).astype(np.uint8))


@given(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1))
def test_order_is_kept(low: int, high: int) -> None:
    values = np.linspace(min(low, high), max(low, high), 64).astype(np.uint16).reshape(8, 8)
    assert (np.diff(eight_bits(values).ravel().astype(int)) >= 0).all()
