"""Labels and keys of --verified as people write them, in `curate weight` and `curate refine`."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli import app

ROWS, NAMES = 120, ("café", "Dog", "ox")


def curate(*arguments: object) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def done(*arguments: object) -> str:
    result = curate(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def refused(*arguments: object) -> str:
    result = curate(*arguments)
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    x = np.eye(3, 8)[true] * 3 + rng.normal(size=(ROWS, 8))
    rows = {"key": [f"k{n}" for n in range(ROWS)], "label": [NAMES[c] for c in true]}
    table = pl.DataFrame({**rows, "embedding": x.astype(np.float32)},
                         schema_overrides={"embedding": pl.List(pl.Float32)})  # fmt: skip
    table.write_parquet(folder / "crawl.parquet")
    done("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    return folder


def verified(folder: Path, rows: int = 30, **changes: str | None) -> Path:
    """Write the labels of the first rows, some of them changed by key."""
    labels = {f"k{n}": NAMES[n % 3] for n in range(rows)} | changes
    pl.DataFrame({"key": list(labels), "label": list(labels.values())}).write_csv(folder / "v.csv")
    return folder / "v.csv"


def weight(crawl: Path, table: Path) -> tuple[object, ...]:
    out = ("--out", table.with_name("w.parquet"), "--overwrite")
    return ("weight", crawl / "crawl.parquet", "--graph", "none", "--verified", table, *out)


def refine(crawl: Path, table: Path, *options: object) -> tuple[object, ...]:
    out = ("--out", table.with_name("r.parquet"), "--overwrite", "--epochs", 1, "--head", "hu")
    return ("refine", crawl / "w.parquet", "--verified", table, *out, *options)


def test_form_blanks_and_case_make_no_other_label(crawl: Path, tmp_path: Path) -> None:
    done(*weight(crawl, verified(tmp_path)))
    plain = pl.read_parquet(tmp_path / "w.parquet")
    table = verified(tmp_path, k0="cafe\u0301", k1=" dog", k4="DOG", k2="ox\u00a0")
    said = done(*weight(crawl, table))
    assert "labels that differ from a class in blanks, Unicode form or case only" in said
    assert "are taken for it: " in said
    assert pl.read_parquet(tmp_path / "w.parquet").equals(plain)
    assert "are taken for it: 4." in done(*refine(crawl, table))


@pytest.mark.parametrize("command", [weight, refine])
def test_a_label_that_is_no_class_is_an_error_that_says_what_may_be_meant(
    crawl: Path, tmp_path: Path, command: object
) -> None:
    table = verified(tmp_path, k1="Dogg", k4="Dogg", k5="lynx\x1b[31m")
    said = refused(*command(crawl, table))  # type: ignore[operator]
    assert "3 labels that the crawl does not have: 'Dogg' (did you mean 'Dog'?)" in said
    assert "leave the cell empty for an image of none of the classes" in said
    assert "\x1b" not in said


def test_of_many_strange_labels_a_few_are_named(crawl: Path, tmp_path: Path) -> None:
    table = verified(tmp_path, **{f"k{n}": f"strange {n}" for n in range(30)})
    said = refused(*weight(crawl, table))
    assert "30 labels that the crawl does not have" in said
    assert said.count("'strange") == 3


def test_an_empty_label_is_none_of_the_classes(crawl: Path, tmp_path: Path) -> None:
    table = verified(tmp_path, k1=None, k2="", k4="  ")
    done(*refine(crawl, table))
    rows = pl.read_parquet(tmp_path / "r.parquet")
    none = rows.filter(pl.col("key").is_in(["k1", "k2", "k4"]))
    assert none["refined_label"].null_count() == 3
    assert (none["refined_weight"] == 0).all()


def test_new_classes_that_differ_in_case_only_are_one_and_near_ones_are_said(
    crawl: Path, tmp_path: Path
) -> None:
    table = verified(tmp_path, k1="lynx", k2="Lynx ", k4="Dogg")
    said = done(*refine(crawl, table, "--new-classes"))
    assert "'Dogg' is taken for a class of its own; if 'Dog' is meant, write that" in said
    rows = pl.read_parquet(tmp_path / "r.parquet")
    labels = dict(rows.select("key", "refined_label").iter_rows())
    assert (labels["k1"], labels["k2"], labels["k4"]) == ("lynx", "lynx", "Dogg")


def test_a_blank_around_a_key_makes_no_other_key(crawl: Path, tmp_path: Path) -> None:
    table = verified(tmp_path)
    table.write_text(table.read_text().replace("k3,", " k3 ,").replace("k5,", "k5\u00a0,"))
    said = done(*weight(crawl, table))
    assert "keys that differ from one of the manifest in blanks or Unicode form only" in said
    assert "keys that are not in the manifest" not in said


def test_whole_numbers_that_pandas_made_decimals_are_the_same_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    label = np.arange(60) % 2
    x = np.eye(2, 8)[label] * 3 + rng.normal(size=(60, 8))
    table = pl.DataFrame({"key": range(60), "label": label, "embedding": x.astype(np.float32)},
                         schema_overrides={"embedding": pl.List(pl.Float32)})  # fmt: skip
    table.write_parquet(tmp_path / "crawl.parquet")
    rows = {"key": [0.0, 1.0, 2.0], "label": [0.0, 1.0, None]}
    pl.DataFrame(rows).write_parquet(tmp_path / "v.parquet")
    said = done(*weight(tmp_path, tmp_path / "v.parquet"))
    assert "--verified" not in said


@pytest.mark.parametrize("column", ["key", "label"])
def test_a_column_of_bytes_is_refused(crawl: Path, tmp_path: Path, column: str) -> None:
    rows = {"key": ["k0"], "label": ["ox"], column: [b"\xff"]}
    pl.DataFrame(rows).write_parquet(tmp_path / "v.parquet")
    assert f"column '{column}' is Binary; write texts" in refused(
        *weight(crawl, tmp_path / "v.parquet")
    )
