"""The mosaics hold what their truth says, and labels are spoilt at the rates asked for."""

import io

import numpy as np
from PIL import Image

from benchmarks.mosaics import TILE_SIDE, draw_tiles, mosaic, spoil
from tests.crawls import plain_png


def test_a_mosaic_has_a_tile_of_each_of_its_classes_and_of_no_other() -> None:
    pools = [np.arange(10 * c, 10 * c + 10) for c in range(7)]
    tiles, classes = draw_tiles(pools, 200, np.random.default_rng(0))
    assert tiles.shape == (200, 4)
    for four, own in zip(tiles, classes, strict=True):
        assert set(four // 10) == set(own)
    assert {len(own) for own in classes} == {1, 2, 3, 4}


def test_labels_are_left_out_and_made_wrong_at_the_rates_asked_for() -> None:
    rng = np.random.default_rng(0)
    true = draw_tiles([np.arange(3)] * 20, 4000, rng)[1]
    given = spoil(true, 20, 0.2, 0.3, rng)
    kept = sum(map(len, given)) / sum(map(len, true))
    wrong = sum(len(set(g) - set(t)) for g, t in zip(given, true, strict=True))
    assert abs(kept - 0.8) < 0.02
    assert abs(wrong / sum(map(len, given)) - 0.3) < 0.02
    assert all(len(set(labels)) == len(labels) for labels in given)


def test_tiles_lie_in_reading_order() -> None:
    def plain(level: int) -> bytes:
        return plain_png((level,) * 3, (9, 9))

    picture = Image.open(io.BytesIO(mosaic([plain(level) for level in (0, 80, 160, 240)])))
    half = TILE_SIDE // 2
    found = [
        picture.getpixel((x, y))[0] for y in (half, 3 * half) for x in (half, 3 * half)
    ]  # fmt: skip
    assert np.allclose(found, (0, 80, 160, 240), atol=3)
