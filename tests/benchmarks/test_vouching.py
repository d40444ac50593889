"""Copies of wrong labels are planted as the benchmark says."""

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.vouching import plant


def test_copies_have_the_wrong_label_of_their_original(tmp_path: Path) -> None:
    keys = [f"k{row}" for row in range(400)]
    labels = ["a" if row % 4 else "b" for row in range(400)]
    pl.DataFrame({"key": keys, "label": labels}).write_parquet(tmp_path / "c.parquet")
    pl.DataFrame({"key": keys, "true_label": ["a"] * 400}).write_parquet(tmp_path / "t.parquet")
    x = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float16)
    planted = plant(tmp_path / "c.parquet", tmp_path / "t.parquet", x, 200, 0)
    assert len(planted.wrong) == 200
    assert planted.wrong[planted.copied].all()
    assert len(planted.copied) == round(planted.wrong.sum() / 10)
    copies = planted.rows[200:]
    assert (copies["label"] == "b").all()
    sizes = copies["key"].str.replace("-.*", "").value_counts()
    assert sizes["count"].is_between(2, 20).all()
    assert set(sizes["key"]) == set(planted.rows["key"].gather(planted.copied))
    assert len(planted.features) == len(planted.rows)
