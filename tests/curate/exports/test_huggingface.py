"""Columns that datasets cannot hold are left out and said."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, load_dataset
from PIL import Image
from typer.testing import CliRunner

from cli import app
from curate.exports.huggingface import holds

WORD, NUMBER = pa.string(), pa.int64()
MAP = pa.map_(WORD, NUMBER)
KINDS = (
    MAP, pa.list_(MAP), pa.struct([("m", MAP)]), pa.list_view(NUMBER), pa.decimal32(5, 2),
    pa.list_(pa.struct([("x", pa.large_list_view(WORD))])), pa.uuid(),
    pa.null(), pa.bool_(), pa.uint64(), pa.float16(), pa.date32(), pa.time64("us"),
    pa.timestamp("us", "UTC"), pa.duration("s"), pa.decimal128(10, 2), pa.decimal256(50, 2),
    pa.binary(), pa.large_binary(), pa.binary(4), WORD, pa.large_string(), pa.string_view(),
    pa.dictionary(pa.int32(), WORD), pa.list_(NUMBER), pa.large_list(WORD), pa.list_(NUMBER, 2),
    pa.struct([("a", pa.list_(WORD))]),
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=map(str, KINDS))
def test_it_is_known_what_datasets_can_hold(kind: pa.DataType) -> None:
    try:
        Features.from_arrow_schema(pa.schema([("x", kind)]))
    except ValueError:
        assert not holds(kind)
    else:
        assert holds(kind)


def test_a_map_is_left_out_and_said(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "png")
    rows = 12
    table = pa.table(
        {
            "image": [file.getvalue()] * rows,
            "label": ["cat", "dog"] * (rows // 2),
            "tags": pa.array([[("a", 1)]] * rows, MAP),
            "when": pa.array([0] * rows, pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "crawl.parquet")
    features = np.eye(4, dtype=np.float32)[[0, 1] * (rows // 2)] + np.arange(rows)[:, None] / 99
    np.save(tmp_path / "x.npy", features)
    options = ("--embeddings", str(tmp_path / "x.npy"), "--graph", "none")
    assert (
        CliRunner().invoke(app, ["weight", str(tmp_path / "crawl.parquet"), *options]).exit_code
        == 0
    )
    weighted, out = str(tmp_path / "crawl.weighted.parquet"), str(tmp_path / "out")
    line = ["export", weighted, "--to", "huggingface", "--out", out, "--keep", "all"]
    done = CliRunner().invoke(app, line)
    assert done.exit_code == 0, done.output
    assert "columns that huggingface cannot hold (1): tags" in done.stdout
    columns = set(next(iter(load_dataset(out, streaming=True)["train"])))
    assert "when" in columns
    assert "tags" not in columns
