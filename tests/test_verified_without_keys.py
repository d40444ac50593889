"""Rows without keys are verified and refined by their numbers, in the order of their run."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app
from curate.commands.verify import verify
from curate.errors import CurateError
from curate.options.verify import VerifyOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.verify.answers import open_answers
from curate.verify.asked_sample import samples
from curate.verify.asking import check_asked
from curate.verify.queue import QueueOptions, make_queue
from curate.weighted.open import open_weighted

ROWS, NAMES = 120, ("blue", "green", "red")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    return " ".join(result.output.split())


def truth(row: int) -> str:
    return NAMES[row % 3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    true = np.arange(ROWS) % 3
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    x = np.eye(12)[true] + rng.normal(0, 0.1, (ROWS, 12))
    table = pl.DataFrame(
        {
            "image": [f"{row}.png" for row in range(ROWS)],
            "label": [NAMES[c] for c in given],
            "embedding": pl.Series(x.tolist(), dtype=pl.List(pl.Float32)),
        }
    )
    table.write_parquet(tmp_path / "crawl.parquet")
    run("weight", tmp_path / "crawl.parquet", "--graph", "none")
    return tmp_path / "crawl.weighted.parquet"


def test_answers_by_row_number_are_refined_as_they_were_given(path: Path, tmp_path: Path) -> None:
    weighted = open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))
    check_asked(weighted)
    out = tmp_path / "verified.parquet"
    queue = make_queue(weighted, QueueOptions("random", 60))
    with open_answers(out, "anna", False) as answers:
        for sample in samples(queue, False):
            assert sample.key == str(sample.row)
            answers.add(sample.key, truth(sample.row), sample.given[0], "random")
    run("refine", path, "--verified", out, "--epochs", 2)
    refined = pl.read_parquet(tmp_path / "crawl.refined.parquet")["refined_label"]
    assert all(refined[row] == truth(row) for row in queue["row"])


def test_answers_by_row_number_count_when_the_crawl_is_weighed_again(
    path: Path, tmp_path: Path
) -> None:
    weighted = open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))
    out, queue = tmp_path / "verified.parquet", make_queue(weighted, QueueOptions("random", 60))
    with open_answers(out, "anna", False) as answers:
        for sample in samples(queue, False):
            answers.add(sample.key, truth(sample.row), sample.given[0], "random")
    with_key = pl.read_parquet(tmp_path / "crawl.parquet").with_row_index("key")
    with_key.write_parquet(tmp_path / "keyed.parquet")
    outputs = []
    for name in ("crawl", "keyed"):
        again = tmp_path / f"{name}.again.parquet"
        run("weight", tmp_path / f"{name}.parquet", "--graph", "none", "--verified", out,
            "--out", again)  # fmt: skip
        outputs.append(pl.read_parquet(again).drop("key", "duplicate_of", strict=False))
    assert outputs[0].equals(outputs[1])
    assert not outputs[0]["weight"].equals(pl.read_parquet(path)["weight"])


def test_a_table_may_call_them_row_as_slim_files_do(path: Path, tmp_path: Path) -> None:
    rows = range(5, 65)
    table = pl.DataFrame({"row": rows, "label": [truth(row) for row in rows]})
    table.write_csv(tmp_path / "v.csv")
    run("refine", path, "--verified", tmp_path / "v.csv", "--epochs", 2)
    refined = pl.read_parquet(tmp_path / "crawl.refined.parquet")["refined_label"]
    assert all(refined[row] == truth(row) for row in rows)


def test_other_orders_than_the_runs_are_not_asked_about(path: Path, tmp_path: Path) -> None:
    pl.read_parquet(path).sort("label_quality").write_parquet(path)
    weighted = open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))
    with pytest.raises(CurateError, match=r"no key column.*in another order"):
        check_asked(weighted)


@pytest.mark.parametrize("answered", [4, 40])
def test_the_command_says_what_names_a_row_and_what_follows(
    path: Path,
    tmp_path: Path,
    answered: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    options = VerifyOptions([path], limit=answered, by="anna")
    weighted = open_weighted(WeightedOptions(path), Folders(tmp_path / "frozen"))
    queue = make_queue(weighted, QueueOptions("suspect", answered))
    with open_answers(options.output, "anna", False) as answers:
        for sample in samples(queue, False):
            answers.add(sample.key, truth(sample.row), sample.given[0], "suspect")
    verify(options)
    said = capsys.readouterr().out
    assert "No key column: answers are kept by the number of the row, from 0." in said
    assert ("Next: curate refine" in said) == (answered == 40)
    assert ("curate refine learns from 10 verified images or more." in said) == (answered == 4)
