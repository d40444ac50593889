"""The Croissant description and the card of an exported dataset, read as others read them."""

import io
from pathlib import Path

import mlcroissant
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, load_dataset
from huggingface_hub import DatasetCard
from PIL import Image

from curate.manifest.class_label import described
from tests.crawls import done

ROWS, NAMES = 60, ("ant", "bee", "cow")
PEOPLE = {"_type": "ClassLabel", "names": ["anna", "bert"]}


def weigh(folder: Path, lists: bool) -> Path:
    true = np.arange(ROWS) % 3
    x = np.eye(3, 8)[true] * 3 + np.random.default_rng(0).normal(size=(ROWS, 8)) * 0.7
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "png")
    labels = [NAMES[each] for each in true]
    table = pa.table(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": [[label] for label in labels] if lists else labels,
            "image": [file.getvalue()] * ROWS,
            "by": pa.array([row % 2 for row in range(ROWS)], pa.int64()),
            "embedding": pl.Series(x.astype(np.float32)).cast(pl.List(pl.Float32)).to_arrow(),
        }
    )
    pq.write_table(table.replace_schema_metadata(described({"by": PEOPLE})), folder / "c.parquet")
    out = folder / "w.parquet"
    done("weight", folder / "c.parquet", "--graph", "none", "--out", out)
    return out


@pytest.mark.parametrize("lists", [False, True], ids=["one label", "lists"])
def test_mlcroissant_validates_and_reads_the_description(tmp_path: Path, lists: bool) -> None:
    out = tmp_path / "hf"
    weighted = weigh(tmp_path, lists)
    done("export", weighted, "--to", "huggingface", "--split", "0.5/0.5", "--out", out)
    dataset = mlcroissant.Dataset(out / "croissant.json")
    assert not dataset.metadata.ctx.issues.errors
    names = {int(row["classes/number"]): row["classes/name"] for row in dataset.records("classes")}
    assert list(names.values()) in ([*NAMES], [name.encode() for name in NAMES])
    weights = dict(pl.read_parquet(weighted).select("key", "weight").iter_rows())
    seen = 0
    for part in ("train", "validation"):
        for row in dataset.records(part):
            key = row[f"{part}/key"].decode()
            assert np.allclose(row[f"{part}/weight"], weights[key])
            assert row[f"{part}/image"].size == (8, 8)
            seen += 1
    assert seen == sum(np.max(weight) > 0 for weight in weights.values())


def test_the_card_says_what_is_in_it_and_how_it_was_made(tmp_path: Path) -> None:
    out = tmp_path / "hf"
    done("export", weigh(tmp_path, False), "--to", "huggingface", "--split", "8/2", "--out", out)
    card = DatasetCard.load(out / "README.md")
    assert card.data.task_categories == ["image-classification"]
    assert [each["split"] for each in card.data.configs[0]["data_files"]] == ["train", "validation"]
    assert "in 3 classes" in card.text and "`label_quality`" in card.text
    assert "curate weight c.parquet" in card.text and "--to huggingface" in card.text


def test_features_of_other_columns_stay_as_they_came(tmp_path: Path) -> None:
    out = tmp_path / "hf"
    done("export", weigh(tmp_path, False), "--to", "huggingface", "--out", out)
    found = load_dataset(str(out), cache_dir=str(tmp_path / "cache"))["train"].features
    assert found["by"] == ClassLabel(names=["anna", "bert"])
    assert found["label"].names == [*NAMES]
