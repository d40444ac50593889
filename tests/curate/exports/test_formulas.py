import polars as pl
import pytest

from curate.exports.formulas import plain_table


@pytest.mark.parametrize(
    "cell", ["=1+1", "+A1", "-2+3", "@SUM(1)", "\tx", "\rx", "\n=1", "＝1", "-", "=", "-1e5x"]
)
def test_a_formula_becomes_text(cell: str) -> None:
    table = plain_table(pl.DataFrame({"a": [cell, "b"], cell: ["x", cell]}))
    assert table.columns == ["a", f"'{cell}"]
    assert table.rows() == [(f"'{cell}", "x"), ("b", f"'{cell}")]


@pytest.mark.parametrize("cell", ["-1", "+3.5", "-.5", "-1e-5", "1=1", "a@b.c", "", None, "'=1"])
def test_numbers_and_other_texts_stay(cell: str | None) -> None:
    table = pl.DataFrame({"a": [cell], "n": [-1.5], "i": [-3]}, schema_overrides={"a": pl.String})
    assert plain_table(table).equals(table)
