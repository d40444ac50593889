"""Pictures within a number of bytes, whatever they show."""

import base64
import io

import numpy as np
import polars as pl
import pytest
from PIL import Image

from curate.options.weighted import WeightedOptions
from curate.report.thumbnails import PAGE_FULL, Thumbnail, thumbnails
from curate.store.folders import Folders
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

ROWS = 40


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Weighted:
    """Give rows whose pictures no format can make small."""
    rng, folder, images = np.random.default_rng(0), tmp_path_factory.mktemp("noise"), []
    for _ in range(ROWS):
        file = io.BytesIO()
        pixels = rng.integers(0, 256, (140, 200, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(file, "jpeg")
        images.append(file.getvalue())
    images[7], images[8] = b"", None
    path = folder / "w.parquet"
    pl.DataFrame(
        {"image": images, "label": ["a"] * ROWS, "label_quality": [0.5] * ROWS}
    ).write_parquet(path)
    return open_weighted(WeightedOptions(path), Folders(folder / "frozen"))


def opened(thumbnail: Thumbnail) -> Image.Image:
    assert thumbnail.data is not None
    return Image.open(io.BytesIO(base64.b64decode(thumbnail.data)))


def test_the_whole_picture_is_there_without_white_beside_it(noise: Weighted) -> None:
    image = opened(thumbnails(noise, [3], 9_000_000, lambda _: None)[0])
    assert image.width / image.height == pytest.approx(200 / 140, rel=0.01)


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(
        np.std(np.subtract(*(np.float32(image.resize((16, 16))) for image in (one, other))))
    )


@pytest.mark.parametrize("room", [-5, 0, 30_000, 150_000, 900_000, 9_000_000])
def test_they_never_take_more_than_their_room(noise: Weighted, room: int) -> None:
    done: list[int] = []
    made = thumbnails(noise, range(ROWS), room, done.append)
    assert sum(done) == len(made) == ROWS
    drawn = [thumbnail.data for thumbnail in made if thumbnail.data]
    assert sum(map(len, drawn)) <= max(room, 0)
    assert {t.missing for t in made if not t.data} <= {"empty", "missing", PAGE_FULL}
    if room >= 150_000:
        assert [at for at, thumbnail in enumerate(made) if not thumbnail.data] == [7, 8]


def test_they_are_larger_where_there_is_room_and_those_of_their_rows(noise: Weighted) -> None:
    many, few = (thumbnails(noise, rows, 60_000, lambda _: None) for rows in (range(ROWS), [20]))
    (small, large) = (opened(many[20]), opened(few[0]))
    assert small.width < large.width
    other = opened(thumbnails(noise, [21], 60_000, lambda _: None)[0])
    assert difference(small, large) < 0.7 * difference(other, large)
