"""Which captions speak for a class."""

from pathlib import Path

import polars as pl

from curate.manifest.open import open_manifest
from curate.options.columns import ColumnOptions
from curate.relations.caption_means import _sample
from curate.store.folders import Folders


def test_a_caption_speaks_for_every_label_of_its_image(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    labels = [["a", "b", "a"], [], None, ["b", None], ["c"]]
    pl.DataFrame({"labels": labels, "label": ["one", "two", "three", "four", " "]}).write_parquet(
        path
    )
    named = ColumnOptions(label="labels", caption="label")
    manifest = open_manifest(path, named, None, Folders(tmp_path / "run"))
    sample = _sample(manifest, ["a", "b", "c"])
    assert sorted(sample.select("class", "caption", "row").rows()) == [
        (0, "one", 0), (1, "four", 3), (1, "one", 0),
    ]  # fmt: skip
