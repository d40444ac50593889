"""`curate refine` of rows without a label, and of labels that no verified row has."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app

ROWS, NAMES = 300, ("ant", "bee", "cat", "doe")
FEATURES = {"embedding": pl.List(pl.Float32)}


def done(*arguments: object) -> None:
    result = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output


def weigh(folder: Path, rows: pl.DataFrame, verified: pl.DataFrame) -> Path:
    rows.drop("true").write_parquet(folder / "crawl.parquet")
    verified.select("key", label="true").write_parquet(folder / "v.parquet")
    weight = ("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    done(*weight)
    return folder


def refined(folder: Path, head: str) -> pl.DataFrame:
    out = folder / f"{head}.parquet"
    options = ("--verified", folder / "v.parquet", "--head", head, "--epochs", 1, "--out", out)
    done("refine", folder / "w.parquet", *options, "--overwrite")
    rows = pl.read_parquet(out)
    told = pl.read_parquet(folder / "v.parquet").select("key")
    return rows.join(told, on="key", how="anti", maintain_order="left")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a crawl in which every tenth row has no label, and 'doe' is given to no verified row."""
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 4
    x = np.eye(4, 8)[true] * 2 + rng.normal(size=(ROWS, 8))
    given = [None if n % 10 == 3 else NAMES[c] for n, c in enumerate(true)]
    table = {"key": range(ROWS), "label": given, "embedding": x.astype(np.float32)}
    rows = pl.DataFrame({**table, "true": [NAMES[c] for c in true]}, schema_overrides=FEATURES)
    verified = rows.head(120).filter(pl.col("label").ne_missing(pl.lit("doe")))
    return weigh(tmp_path_factory.mktemp("single"), rows, verified)


@pytest.mark.parametrize("head", ["stack", "xiao", "veit", "hu", "nmn", "fine-tune", "sukhbaatar"])
def test_no_label_is_given_with_nothing_known(single: Path, head: str) -> None:
    rows = refined(single, head)
    p, label = pl.col("refined_probability"), pl.col("refined_label")
    # Of four classes and none of them the likeliest has a quarter at least.
    assert rows.filter(p < 0.19).is_empty()
    assert rows.filter(p.is_null() & label.ne_missing(pl.col("label"))).is_empty()
    assert rows.filter(label.is_null() & (pl.col("refined_weight") > 0)).is_empty()
    assert rows.filter(p.is_null() & pl.col("refined_classes").is_not_null()).is_empty()


def test_a_label_that_no_verified_row_was_given_is_kept(single: Path) -> None:
    doe = refined(single, "fine-tune").filter(pl.col("label") == "doe")
    assert len(doe) > 40
    assert (doe["refined_label"] == "doe").all()
    assert doe["refined_probability"].is_between(0.25, 1).all()


def test_of_rows_without_a_label_no_type_of_noise_is_told(single: Path) -> None:
    rows = refined(single, "xiao")
    bare = rows.filter(pl.col("label").is_null())
    assert bare["noise_free"].null_count() == len(bare) > 0
    assert rows.filter(pl.col("label").is_not_null())["noise_free"].null_count() == 0


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a crawl of lists, half of them empty; of the verified rows none is."""
    rng = np.random.default_rng(1)
    true = rng.random((ROWS, 4)) < 0.4
    true[np.arange(ROWS), rng.integers(0, 4, ROWS)] = True
    x = true @ np.eye(4, 8) * 2 + rng.normal(0, 0.7, (ROWS, 8))
    sets = [[NAMES[c] for c in np.flatnonzero(row)] for row in true]
    given = [[] if n % 2 else labels for n, labels in enumerate(sets)]
    table = {"key": range(ROWS), "label": given, "embedding": x.astype(np.float32), "true": sets}
    rows = pl.DataFrame(table, schema_overrides={**FEATURES, "label": pl.List(pl.String)})
    return weigh(tmp_path_factory.mktemp("lists"), rows, rows.gather_every(4))


@pytest.mark.parametrize("head", ["stack", "veit", "hu", "nmn", "fine-tune", "sukhbaatar"])
def test_no_label_of_a_list_is_given_with_nothing_known(lists: Path, head: str) -> None:
    rows = refined(lists, head)
    each = rows.filter(pl.col("refined_label").list.len() > 0)
    assert (each["refined_probability"].list.min().fill_null(1) > 0).all()
    unknown = rows.filter(pl.col("refined_classes").is_null())
    assert (
        unknown["refined_label"]
        .list.sort()
        .equals(unknown["label"].list.sort().alias("refined_label"))
    )
