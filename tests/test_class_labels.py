"""Hugging Face's ClassLabel, from the crawl to what trainers read."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli import app

NAMES = ["owl", "cat", "dog"]
"""Not in the order of the alphabet."""


@pytest.fixture
def crawl(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    numbers = np.repeat([0, 1, 2, -1], 20)
    features = np.eye(8)[numbers] + rng.normal(0, 0.05, (80, 8))
    numbers[0] = 1
    table = pa.table(
        {"label": pa.array(numbers), "embedding": pa.array(features.tolist()),
         "key": [f"k{at}" for at in range(80)]}
    )  # fmt: skip
    label = {"names": NAMES, "_type": "ClassLabel"}
    described = {"info": {"features": {"label": label}}}
    path = tmp_path / "crawl.parquet"
    pq.write_table(table.replace_schema_metadata({"huggingface": json.dumps(described)}), path)
    return path


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def test_names_are_read_negative_numbers_are_no_label_and_exports_keep_numbers(
    crawl: Path,
) -> None:
    words = run("weight", crawl, "--graph", "none")
    assert "80 in 3 classes" in words
    assert "owl" in words
    weighted = crawl.with_name("crawl.weighted.parquet")
    table = pl.read_parquet(weighted)
    assert table["label"].equals(pl.read_parquet(crawl)["label"])
    assert table.row(0, named=True)["suggested_label"] == "owl"
    assert table.filter(pl.col("label") == -1)["weight"].unique().to_list() == [0.0]
    assert "owl" in run("inspect", weighted, "--label", "label", "--json")

    out = crawl.with_name("out.parquet")
    run("export", weighted, "--to", "parquet", "--labels", "suggested", "--out", out)
    exported = pl.read_parquet(out)
    assert exported.filter(pl.col("key") == "k0")["label"].item() == 0
    features = json.loads(pq.read_schema(out).metadata[b"huggingface"])["info"]["features"]
    assert features["label"]["names"] == NAMES
    for ending in ("csv", "jsonl"):
        run("export", weighted, "--to", ending, "--out", crawl.with_name(f"out.{ending}"))
    numbers = pl.read_ndjson(crawl.with_name("out.jsonl"))["label"].unique().to_list()
    assert sorted(numbers) == [0, 1, 2]


def test_refined_labels_have_names(crawl: Path) -> None:
    run("weight", crawl, "--graph", "none")
    verified = crawl.with_name("verified.csv")
    rows = [f"k{at},{NAMES[at // 20]}" for at in range(60)]
    verified.write_text("key,label\n" + "\n".join(rows))
    weighted = crawl.with_name("crawl.weighted.parquet")
    run("refine", weighted, "--verified", verified, "--head", "veit")
    refined = pl.read_parquet(crawl.with_name("crawl.refined.parquet"))
    assert refined["refined_label"][0] == "owl"
    assert set(refined["refined_label"].drop_nulls()) <= set(NAMES)
