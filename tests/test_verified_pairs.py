"""`curate refine` by answers to single labels: key, label, correct."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli import app

ROWS, NAMES = 300, ("ant", "bee", "cat", "doe")
ASKED = 120
"""Rows of which a person was asked about two labels."""
FEATURES = {"embedding": pl.List(pl.Float32)}


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
    """Write w.parquet, lists of labels, and answers.parquet: of the given labels and of others."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, 4)) < 0.4
    given = np.where(rng.random(true.shape) < 0.2, rng.random(true.shape) < 0.4, true)
    x = true @ np.eye(4, 8) * 3 + rng.normal(size=(ROWS, 8))
    keys, lists = [f"k{n}" for n in range(ROWS)], [
        [name for name, has in zip(NAMES, row, strict=True) if has] for row in given
    ]  # fmt: skip
    rows = {"key": keys, "label": lists, "embedding": x.astype(np.float32)}
    pl.DataFrame(rows, schema_overrides=FEATURES).write_parquet(folder / "crawl.parquet")
    done("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    answers = [
        (keys[n], NAMES[c], bool(true[n, c]))
        for n in range(ASKED)
        for c in np.argsort(rng.random(4) - given[n])[:2]
    ]
    pl.DataFrame(answers, ("key", "label", "correct"), orient="row").write_parquet(
        folder / "answers.parquet"
    )
    return folder


def answers(crawl: Path) -> pl.DataFrame:
    return pl.read_parquet(crawl / "answers.parquet")


def refine(crawl: Path, table: pl.DataFrame, out: Path, *options: object) -> tuple[object, ...]:
    table.write_csv(out.with_suffix(".csv"))
    verified = ("--verified", out.with_suffix(".csv"), "--out", out, "--overwrite")
    return ("refine", crawl / "w.parquet", *verified, "--epochs", 1, *options)


@pytest.mark.parametrize("head", ["stack", "veit", "hu", "nmn", "fine-tune"])
def test_right_labels_are_there_wrong_ones_are_not_and_the_others_are_predicted(
    crawl: Path, tmp_path: Path, head: str
) -> None:
    told = answers(crawl)
    said = done(*refine(crawl, told, tmp_path / "r.parquet", "--head", head))
    assert f"On {ASKED} verified rows ({len(told)} answers to single labels), each judged" in said
    assert "Labels that nobody was asked about do not count" in said
    rows = pl.read_parquet(tmp_path / "r.parquet").join(told, "key", suffix="_asked")
    there = pl.col("refined_label").list.contains(pl.col("label_asked"))
    assert rows.filter(there != pl.col("correct")).is_empty()
    asked = told.group_by("key").agg(asked="label")
    free = rows.join(asked, "key").filter(
        pl.col("refined_label").list.set_difference("asked").list.len() > 0
    )
    assert len(free)  # labels that nobody was asked about
    p = free.explode("refined_label", "refined_probability")
    p = p.filter(~pl.col("refined_label").is_in(pl.col("asked")))["refined_probability"]
    assert ((p > 0) & (p < 1)).all()


def test_another_answer_trains_another_head(crawl: Path, tmp_path: Path) -> None:
    told = answers(crawl)
    other = told.with_columns(correct=pl.col("correct") ^ (pl.int_range(pl.len()) == 0))
    fewer = told.filter(pl.col("correct") | (pl.int_range(pl.len()) > 5))
    heads = {
        done(*refine(crawl, table, tmp_path / "r.parquet", "--head", "hu")).split("Head: ")[1]
        for table in (told, other, fewer, told)
    }
    assert len(heads) == 3


def test_contradicting_answers_are_left_out_and_said(crawl: Path, tmp_path: Path) -> None:
    told = answers(crawl)
    both = pl.concat([told, told.head(1).with_columns(correct=~pl.col("correct")), told.tail(1)])
    said = done(*refine(crawl, both, tmp_path / "r.parquet", "--head", "hu"))
    key, label, _ = told.row(0)
    assert f"labels of images with contradicting answers, such as '{key}: {label}'," in said
    assert f"({len(told) - 1} answers" in said


def test_a_new_class_is_right_for_some_image(crawl: Path, tmp_path: Path) -> None:
    new = pl.DataFrame(
        {"key": ["k1", "k2", "k3"], "label": ["elk", "elk", "fox"], "correct": [True, False, False]}
    )
    table = pl.concat([answers(crawl), new])
    said = refused(*refine(crawl, table, tmp_path / "r.parquet"))
    assert "3 labels that the crawl does not have" in said
    assert "leave the cell empty" not in said
    said = done(*refine(crawl, table, tmp_path / "r.parquet", "--new-classes", "--head", "hu"))
    assert "labels that are no class of the crawl, and right for no image, such as 'fox'," in said
    labels = dict(
        pl.read_parquet(tmp_path / "r.parquet").select("key", "refined_label").iter_rows()
    )
    assert "elk" in labels["k1"]
    assert "elk" not in labels["k2"]
    assert not any("fox" in each for each in labels.values())


@pytest.mark.parametrize("word", ["", "perhaps"])
def test_what_is_no_answer_is_refused(crawl: Path, tmp_path: Path, word: str) -> None:
    table = answers(crawl).with_columns(pl.col("correct").cast(pl.String))
    table = table.with_columns(pl.when(pl.int_range(pl.len()) == 3).then(pl.lit(word))
                               .otherwise("correct").alias("correct"))  # fmt: skip
    said = refused(*refine(crawl, table, tmp_path / "r.parquet"))
    assert f"column 'correct' has '{word}' in row 4; write true or false" in said


def test_weight_and_crawls_with_one_label_an_image_refuse_answers(
    crawl: Path, tmp_path: Path
) -> None:
    table, one = tmp_path / "v.csv", tmp_path / "one.parquet"
    answers(crawl).write_csv(table)
    rows = pl.read_parquet(crawl / "crawl.parquet")
    rows.with_columns(pl.col("label").list.first()).write_parquet(one)
    weight = ("weight", one, "--graph", "none", "--out", tmp_path / "w.parquet")
    said = refused(*weight, "--verified", table)
    assert "column 'correct': answers to single labels" in said
    assert "give it to `curate refine`" in said
    done(*weight)
    said = refused("refine", tmp_path / "w.parquet", "--verified", table)
    assert "this crawl has one label for each image; write columns key and label" in said
