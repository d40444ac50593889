"""Answers to a crawl without keys name rows by number: refused where rows have moved since."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from .crawls import done, refused

ROWS, NAMES = 240, ("blue", "green", "red")


def draw(lists: bool = False) -> pl.DataFrame:
    """Draw a crawl without keys, a fifth of its labels wrong."""
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    x = np.eye(12)[true] + rng.normal(0, 0.1, (ROWS, 12))
    label = [[NAMES[c], "thing"] if lists else NAMES[c] for c in given]
    embedding = pl.Series(x.tolist(), dtype=pl.List(pl.Float32))
    return pl.DataFrame({"label": label, "embedding": embedding, "true": [NAMES[c] for c in true]})


def weigh_and_answer(folder: Path, crawl: pl.DataFrame, answered: pl.DataFrame) -> Path:
    """Weigh the crawl, and write answers that were given to the rows of another state of it."""
    crawl.write_parquet(folder / "m.parquet")
    done("weight", folder / "m.parquet", "--graph", "none", "--out", folder / "w.parquet")
    lists = isinstance(answered.schema["label"], pl.List)
    answer = pl.concat_list("true", pl.lit("thing")) if lists else pl.col("true")
    rows = answered.with_row_index("key").head(90)
    named = rows.select(pl.col("key").cast(pl.String), label=answer, given_label="label")
    named.write_parquet(folder / "v.parquet")
    return folder / "w.parquet"


def refining(path: Path) -> tuple[object, ...]:
    return ("refine", path, "--verified", path.with_name("v.parquet"), "--epochs", 2, "--out",
            path.with_name("r.parquet"))  # fmt: skip


@pytest.mark.parametrize("lists", [False, True])
def test_answers_to_rows_that_have_moved_since_are_refused(tmp_path: Path, lists: bool) -> None:
    crawl = draw(lists)
    path = weigh_and_answer(tmp_path, crawl.sample(ROWS, shuffle=True, seed=1), crawl)
    inspected = refused("inspect", path, "--verified", tmp_path / "v.parquet")
    for said in (refused(*refining(path)), inspected):
        assert "names rows by their numbers, and the label of row" in said
        assert "of 90 rows do not match" in said
        assert "verify again" in said
    assert not (tmp_path / "r.parquet").exists()


def test_rows_may_be_added_behind_those_that_have_answers(tmp_path: Path) -> None:
    crawl = draw()
    done(*refining(weigh_and_answer(tmp_path, pl.concat([crawl, crawl.head(30)]), crawl)))


def test_labels_may_have_been_set_to_the_answers_or_written_in_another_form(tmp_path: Path) -> None:
    crawl = draw()
    shouted = crawl.with_columns(pl.col("label").str.to_uppercase())
    done(*refining(weigh_and_answer(tmp_path, crawl.with_columns(label="true"), shouted)))


@pytest.mark.parametrize("with_null", [False, True])
def test_numbers_as_labels_are_compared(tmp_path: Path, with_null: bool) -> None:
    of_name = {name: number for number, name in enumerate(NAMES)}
    crawl = draw().with_columns(pl.col("label", "true").replace_strict(of_name))
    path = weigh_and_answer(tmp_path, crawl, crawl)
    answers = pl.read_parquet(tmp_path / "v.parquet")
    if with_null:  # As pandas writes whole numbers where one is missing.
        answers = answers.with_columns(pl.col("label", "given_label").cast(pl.Float64))
        answers[3, "label"] = None
    answers.write_parquet(tmp_path / "v.parquet")
    done(*refining(path))
    moved = answers.with_columns(pl.col("given_label", "label").reverse())
    moved.write_parquet(tmp_path / "v.parquet")
    for file in tmp_path.glob("r.*"):
        file.unlink()
    assert "rows do not match" in refused(*refining(path))
