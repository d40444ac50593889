"""What Hugging Face says of columns outlives `weight` and `refine`, and is read by what follows."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from typer.testing import CliRunner

from cli import app

ROWS, NAMES = 120, ["owl", "dog", "cat"]


def test_the_names_of_numbers_are_in_what_is_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    x = np.eye(8)[true] + rng.normal(0, 0.1, (ROWS, 8))
    table = pl.DataFrame(
        {"label": true, "embedding": pl.Series(x.tolist(), dtype=pl.List(pl.Float32))}
    ).to_arrow()
    said = {"info": {"features": {"label": {"names": NAMES, "_type": "ClassLabel"}}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(said)})
    pq.write_table(table, tmp_path / "m.parquet")
    weigh = ("weight", str(tmp_path / "m.parquet"), "--graph", "none")
    result = CliRunner().invoke(app, weigh)
    assert result.exit_code == 0, result.output
    refine = ("refine", str(tmp_path / "m.weighted.parquet"), "--head", "nmn", "--epochs", "1")
    result = CliRunner().invoke(app, refine)
    assert result.exit_code == 0, result.output
    for name in ("m.weighted.parquet", "m.refined.parquet"):
        found = json.loads(pq.read_schema(tmp_path / name).metadata[b"huggingface"])
        assert found["info"]["features"]["label"]["names"] == NAMES
        assert found["info"]["features"]["weight"] == {"dtype": "float32", "_type": "Value"}
