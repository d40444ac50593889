import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.manifest.formulas import as_known, formula_table, is_ours, plain_table


@pytest.mark.parametrize(
    "cell", ["=1+1", "+A1", "-2+3", "@SUM(1)", "\tx", "\rx", "\n=1", "＝1", "-", "=", "-1e5x"]
)
def test_a_formula_becomes_text(cell: str) -> None:
    table = plain_table(pl.DataFrame({"a": [cell, "b"], cell: ["x", cell]}))
    assert table.columns == ["a", f"'{cell}"]
    assert table.rows() == [(f"'{cell}", "x"), ("b", f"'{cell}")]


@pytest.mark.parametrize(
    "cell", ["-1", "+3.5", "-.5", "-1e-5", "1=1", "a@b.c", "", None, "'1", "it's"]
)
def test_numbers_and_other_texts_stay(cell: str | None) -> None:
    table = pl.DataFrame({"a": [cell], "n": [-1.5], "i": [-3]}, schema_overrides={"a": pl.String})
    assert plain_table(table).equals(table)


CELLS = ["=1+1", "'=1", "''=1", "-1", "'-1", "-k7", "it's", "'", "'a", "", None, "@x", "+49 30"]


@given(st.lists(st.one_of(st.none(), st.text("'=+-@1ae.\t\n", max_size=6)), min_size=1))
def test_what_was_made_plain_is_read_as_it_was(cells: list[str | None]) -> None:
    table = pl.DataFrame({"=head": [*cells, *CELLS]}, schema={"=head": pl.String})
    plain = plain_table(table)
    assert plain.columns == ["'=head"]
    assert not [c for c in plain["'=head"] if c and c[0] in "=@\t\n"]
    assert formula_table(plain).equals(table)


def test_our_tables_are_told_by_our_columns_whatever_the_prefix() -> None:
    ours = ("label_quality", "suggested_label", "suggested_quality", "is_label_issue", "issue_kind")
    assert is_ours(["key", *ours]) and is_ours(["key", *(f"c_{name}" for name in ours)])
    assert not is_ours(["key", "label_quality", "predicted_label", "is_label_issue"])


def test_copied_keys_are_known_as_they_stand_or_as_they_were() -> None:
    known = pl.LazyFrame({"key": ["-abc", "'=both", "=both", "k1"]})
    cells = pl.Series(["'-abc", "-abc", "'=both", "k1", "'=else", None])
    found = as_known(cells, known).to_list()
    assert found == ["-abc", "-abc", "'=both", "k1", "=else", None]
