"""`curate embed` as a user runs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.encoders.embedded import EmbeddedEncoder
from tests.crawls import curate, png


def picture(red: int, rng: np.random.Generator) -> bytes:
    pixels = np.array((red, 90, 90)) + rng.normal(0, 20, (24, 24, 3))
    return png(pixels)


def crawl(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    folder.mkdir()
    images = [picture(200 if row % 2 else 20, rng) for row in range(60)]
    images[7] = b"<html>not found</html>"
    labels = ["plum" if row % 2 else "pear" for row in range(60)]
    path = folder / "crawl.parquet"
    pl.DataFrame({"image": images, "label": labels}).write_parquet(path)
    return path


def test_weight_finds_what_embed_has_made(tmp_path: Path) -> None:
    path = crawl(tmp_path / "a")
    done = curate("embed", path, "--encoder", "embedded", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "59 of 60 rows have" in done.output
    assert "1 not_image" in done.output
    made = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("features.npy")}
    assert made
    options = ("--encoder", "embedded", "--workers", 1, "--graph", "none")
    assert curate("weight", path, *options).exit_code == 0
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("features.npy")} == made
    other = crawl(tmp_path / "b")
    assert curate("weight", other, *options).exit_code == 0
    outputs = [pl.read_parquet(p.with_name("crawl.weighted.parquet")) for p in (path, other)]
    assert outputs[0].equals(outputs[1])


def test_what_the_user_can_mend_is_a_sentence(tmp_path: Path) -> None:
    done = curate("embed", tmp_path / "nothing.parquet")
    assert done.exit_code == 2
    assert "does not exist" in done.output


def test_a_picture_of_which_the_encoder_makes_no_number_has_no_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = EmbeddedEncoder.encode

    def overflowing(self: EmbeddedEncoder, batches: Any) -> Iterator[np.ndarray]:
        for features in encode(self, batches):
            features[3] = np.inf, *features[3, 1:]
            features[4] = np.nan
            yield features

    monkeypatch.setattr(EmbeddedEncoder, "encode", overflowing)
    done = curate("embed", crawl(tmp_path / "a"), "--encoder", "embedded", "--workers", 1)
    assert done.exit_code == 0, done.output
    assert "57 of 60 rows have" in done.output
    assert "2 not_finite" in done.output
