"""Hashes of pictures hardly change where the picture hardly does, and tell different ones apart."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.fft import dctn

from curate.images.picture_hash import (
    BITS,
    CROPS,
    LEAST,
    LUMA,
    MIRRORED,
    SIDE,
    WHOLE,
    hash_content,
    hash_pictures,
    no_hashes,
)


def photos(count: int, side: int = 128) -> NDArray[np.uint8]:
    """Draw pictures of blurred noise, which have much at low frequencies as photos do."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, 12, 12, 3), np.uint8)
    return np.stack(
        [
            np.asarray(Image.fromarray(s).resize((side, side), Image.Resampling.BICUBIC))
            for s in small
        ]
    )


def looks(pictures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return hash_pictures(pictures, [b"0" * 16] * len(pictures))["looks"]


def jpeg(picture: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def test_the_hash_is_the_signs_of_the_lowest_coefficients() -> None:
    picture = photos(1, 64)[0]
    grey = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX)) @ LUMA
    coefficients = dctn(grey, norm="ortho")
    waves = sorted(
        (down**2 + across**2, (down, across))
        for down in range(SIDE)
        for across in range(SIDE)
        if down + across
    )[:BITS]
    signs = [coefficients[wave] > LEAST for _, wave in waves]
    expected = np.packbits(signs).view("<u8")[0]
    assert looks(picture[None])[0, WHOLE] == expected
    telling = sum(abs(coefficients[wave]) > LEAST for _, wave in waves)
    assert hash_pictures(picture[None], [bytes(16)])["telling"][0] == telling


def test_the_hash_of_the_mirror_image_is_known() -> None:
    pictures = photos(20)
    mirrored = looks(pictures[:, :, ::-1])
    assert np.array_equal(mirrored[:, WHOLE], looks(pictures)[:, MIRRORED])
    assert np.array_equal(mirrored[:, MIRRORED], looks(pictures)[:, WHOLE])


@pytest.mark.parametrize(("place", "crop"), enumerate(CROPS, MIRRORED + 1))
def test_the_hash_of_a_cropped_picture_is_known(place: int, crop: float) -> None:
    pictures = photos(20, 160)
    off = round(160 * crop / 2)
    cropped = looks(pictures[:, off : 160 - off, off : 160 - off])
    apart = np.bitwise_count(cropped[:, WHOLE] ^ looks(pictures)[:, place])
    assert apart.max() <= 4


def test_a_recompressed_picture_has_nearly_the_same_hash_and_another_has_not() -> None:
    pictures = photos(30)
    first, again = looks(pictures)[:, WHOLE], looks(np.stack([jpeg(p, 30) for p in pictures]))
    apart = np.bitwise_count(first[:, None] ^ again[None, :, WHOLE])
    assert np.diag(apart).max() <= 3
    assert (apart + BITS * np.eye(30, dtype=int)).min() >= 10


def test_plain_pictures_tell_nothing_but_their_colour() -> None:
    white = np.full((2, 50, 50, 3), 255, np.uint8)
    white[1] = jpeg(white[1], 40)
    found = hash_pictures(white, [hash_content(b"one"), hash_content(b"two")])
    assert not found["looks"].any()
    assert not found["telling"].any()
    assert (found["tone"] == 255).all()
    assert (found["content"][0] != found["content"][1]).any()


def test_no_pictures_have_no_hashes() -> None:
    assert len(hash_pictures(np.empty((0, 8, 8, 3), np.uint8), [])) == 0
    assert not no_hashes(3)["looks"].any()
