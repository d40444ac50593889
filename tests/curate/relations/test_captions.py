"""Captions are read once each, however often and in whichever shard they stand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.plan import freeze_plan
from curate.options.columns import ColumnOptions
from curate.relations.captions import embed_captions
from curate.store.run import Run

CAPTIONS = ["a cat", None, "a dog", "a cat ", "", "a bird", " ", "a dog", "a fish", "a cat", None]


class Letters:
    """Stands for the text model: a text is the counts of its letters."""

    def __init__(self) -> None:
        self.model_facts: dict[str, object] = {}
        self.bert: Any = self
        self.read: list[str] = []

    def means(self, texts: Sequence[str], advance: Any) -> np.ndarray:
        self.read += texts
        return self.embed(texts)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        counts = [[text.count(letter) for letter in "abcdfgiorst"] for text in texts]
        rows = np.array(counts, np.float32).reshape(-1, 11)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def manifest(folder: Path, captions: Sequence[str | None], parts: int) -> Manifest:
    (folder / "crawl").mkdir()
    for part, rows in enumerate(np.array_split(np.arange(len(captions)), parts)):
        table = {"label": ["x"] * len(rows), "caption": [captions[row] for row in rows]}
        pl.DataFrame(table, schema_overrides={"caption": pl.String}).write_parquet(
            folder / "crawl" / f"{part}.parquet"
        )
    return open_manifest(folder / "crawl", ColumnOptions(), None, Run(folder / "run").step("rows"))


@pytest.mark.parametrize("parts", [1, 4])
def test_each_caption_is_read_once_and_found_in_every_row(tmp_path: Path, parts: int) -> None:
    crawl, run, text = manifest(tmp_path, CAPTIONS, parts), Run(tmp_path / "run"), Letters()
    shards = freeze_plan(crawl, run.step("plan"))
    for _ in range(2):
        read = embed_captions(crawl, shards, run, text)  # type: ignore[arg-type]
    assert text.read == ["a cat", "a dog", "a bird", "a fish"]
    for shard in shards:
        vectors, which = read.of_shard(shard)
        for row, vector in enumerate(vectors[which], shard.first_row):
            caption = (CAPTIONS[row] or "").strip()
            if caption:
                np.testing.assert_allclose(vector, text.embed([caption])[0], atol=1e-3)
            else:
                assert np.isnan(vector).all()


def test_a_column_without_a_caption_is_told(tmp_path: Path) -> None:
    crawl, run = manifest(tmp_path, [None, " "], 1), Run(tmp_path / "run")
    shards = freeze_plan(crawl, run.step("plan"))
    with pytest.raises(CurateError, match=r"column 'caption' of .* is empty in every row"):
        embed_captions(crawl, shards, run, Letters())  # type: ignore[arg-type]
