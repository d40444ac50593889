"""Weighted files whose columns somebody has edited."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.crawls import curate

ROWS = 60


def weighed(folder: Path, ending: str) -> Path:
    rng = np.random.default_rng(0)
    labels = ["ant", "bee"] * (ROWS // 2)
    x = rng.normal(size=(ROWS, 6)) + 3 * np.eye(6)[np.arange(ROWS) % 2]
    keys = [f"k{row}" for row in range(ROWS)]
    table = pl.DataFrame({"key": keys, "label": labels})
    np.save(folder / "x.npy", x)
    table.write_parquet(folder / "m.parquet")
    out = folder / f"w{ending}"
    done = curate("weight", folder / "m.parquet", "--embeddings", folder / "x.npy", "--graph",
                  "none", "--out", out)  # fmt: skip
    assert done.exit_code == 0, done.output
    return out


@pytest.mark.parametrize("command", ["inspect", "report", "export"])
@pytest.mark.parametrize(
    ("column", "value"),
    [("weight", "0,5"), ("weight", "much"), ("weight", "-1"), ("weight", "inf"),
     ("label_quality", "inf"), ("distance", "-0.1")],
)  # fmt: skip
def test_a_value_that_is_no_number_is_told_with_its_row(
    tmp_path: Path, command: str, column: str, value: str
) -> None:
    path = weighed(tmp_path, ".csv")
    rows = pl.read_csv(path, infer_schema=False)
    edited = pl.when(pl.int_range(pl.len()) == 6).then(pl.lit(value)).otherwise(column)
    rows.with_columns(edited.alias(column)).write_csv(path)
    options = ("--to", "csv", "--out", tmp_path / "o.csv") if command == "export" else ()
    done = curate(command, path, *options)
    assert done.exit_code == 2, done.output
    assert f"row 7: {column} is '{value}'" in done.output


@pytest.mark.parametrize(
    "edit",
    [pl.col("weight").cast(pl.Decimal(10, 4)), pl.concat_list("weight").alias("weight"),
     pl.lit(True).alias("weight")],
)  # fmt: skip
def test_a_column_of_another_type_is_refused(tmp_path: Path, edit: pl.Expr) -> None:
    path = weighed(tmp_path, ".parquet")
    pl.read_parquet(path).with_columns(edit).write_parquet(path)
    done = curate("inspect", path, "--label", "label")
    assert done.exit_code == 2, done.output
    assert "column 'weight' is" in done.output


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_what_curate_writes_passes(tmp_path: Path, ending: str) -> None:
    assert curate("inspect", weighed(tmp_path, ending)).exit_code == 0
