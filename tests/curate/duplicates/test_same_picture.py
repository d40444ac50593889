"""Copies are found whatever was done to them; plain and unlike pictures are left alone."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from curate.duplicates.same_picture import Units, group_features, group_pictures
from curate.images.decode import decode
from curate.images.picture_hash import Hashes, hash_content, hash_pictures
from curate.images.preprocess import Preprocess

PHOTOS, SIZE = 300, Preprocess(96)
Change = Callable[[Image.Image], Image.Image]


def photos(count: int, seed: int = 0) -> list[Image.Image]:
    """Draw pictures that have much at low frequencies, as photos do, and are as unlike as these."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (count, 9, 9, 3), np.uint8)
    return [Image.fromarray(s).resize((160, 160), Image.Resampling.BICUBIC) for s in small]


def written(image: Image.Image, quality: int = 90) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def known(files: list[bytes]) -> tuple[Hashes, NDArray[np.float32]]:
    """Give hashes of pictures, and features: their pixels, small."""
    pictures = np.stack([decode(file, SIZE) for file in files])
    x = pictures.reshape(-1, 12, 8, 12, 8, 3).mean(axis=(2, 4)).reshape(len(files), -1) - 127
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    return hash_pictures(pictures, [hash_content(file) for file in files]), x


def units(x: NDArray[np.float32]) -> Units:
    return lambda rows: x[rows]


def small_crop(image: Image.Image) -> Image.Image:
    width, height = image.size
    return image.crop((0, round(0.02 * height), round(0.95 * width), round(0.97 * height)))


CHANGES: dict[str, Change] = {
    "recompressed": lambda image: Image.open(io.BytesIO(written(image, 30))),
    "halved": lambda image: image.resize((80, 80), Image.Resampling.BICUBIC),
    "doubled": lambda image: image.resize((320, 320), Image.Resampling.BICUBIC),
    "cropped": small_crop,
    "mirrored": ImageOps.mirror,
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.75),
    "bordered": lambda image: ImageOps.expand(image, 8, "white"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found_and_nothing_else(change: str) -> None:
    originals = photos(PHOTOS)
    copies = [CHANGES[change](image) for image in originals[:40]]
    hashes, x = known([written(image) for image in (*originals, *copies)])
    found = group_pictures(hashes, units(x))
    assert np.array_equal(found[:PHOTOS], np.arange(PHOTOS))
    assert np.isin(found[PHOTOS:], [*range(40), *range(PHOTOS, PHOTOS + 40)]).all()
    assert (found[PHOTOS:] == np.arange(40)).mean() >= 0.95


def test_equal_files_are_copies_whatever_is_in_them() -> None:
    files = [written(image) for image in photos(30)]
    hashes, x = known([*files, *files])
    assert np.array_equal(group_pictures(hashes, units(x)), np.tile(np.arange(30), 2))


def test_a_thousand_copies_are_one_group() -> None:
    originals = photos(100)
    qualities = np.random.default_rng(0).integers(40, 95, 1_000)
    files = [written(image) for image in originals]
    different = {q: written(originals[7], int(q)) for q in set(qualities)}
    hashes, x = known([*files, *(different[q] for q in qualities)])
    found = group_pictures(hashes, units(x))
    assert (found[100:] == 7).all()
    assert np.array_equal(found[:100], np.arange(100))


def test_all_pictures_equal_are_one_group() -> None:
    hashes, x = known([written(photos(1)[0])] * 500)
    assert not group_pictures(hashes, units(x)).any()


def test_a_thousand_white_pictures_are_one_group_and_black_ones_another() -> None:
    plain = [
        written(Image.new("RGB", (side, side), colour), 80)
        for colour in ("white", "black")
        for side in range(50, 150)
    ]
    files = [written(image) for image in photos(60)]
    hashes, x = known([*files, *(plain[:100] * 10), *plain[100:]])
    found = group_pictures(hashes, units(x))
    assert (found[60:1060] == 60).all()
    assert (found[1060:] == 1060).all()


def test_plain_pictures_of_other_features_are_no_copies() -> None:
    hashes, x = known([written(Image.new("RGB", (side, side), "white")) for side in (50, 60)])
    other = np.eye(len(x), x.shape[1], dtype=np.float32)
    assert group_pictures(hashes, units(other)).tolist() == [0, 1]
    assert group_pictures(hashes, units(x)).tolist() == [0, 0]


def test_equal_features_are_copies_where_only_features_are_known() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 32)).astype(np.float32)
    x = np.concatenate([x, x[:50] + rng.normal(0, 1e-3, (50, 32)).astype(np.float32), x[:1]])
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    planes = rng.normal(size=(32, 64))
    codes = np.packbits(x @ planes > 0, axis=1).view("<u8")[:, 0]
    found = group_features(codes, units(x))
    assert np.array_equal(found[:500], np.arange(500))
    assert np.array_equal(found[500:550], np.arange(50))
    assert found[550] == 0
