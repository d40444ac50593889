import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.verify.answers import SKIPPED, open_answers


def test_every_answer_is_on_disk_when_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "new" / "verified.parquet"
    with open_answers(path, "anna", lists=False) as answers:
        answers.add("a", "ant", "bee", "suspect")
        assert pl.read_parquet(path)["key"].to_list() == ["a"]
        answers.add("b", None, "bee", "suspect")
        answers.add("a", "cat", "bee", "random")
    table = pl.read_parquet(path)
    assert table["key"].to_list() == ["b", "a"]
    assert table["label"].to_list() == [None, "cat"]
    assert table["given_label"].to_list() == ["bee", "bee"]
    assert table["strategy"].to_list() == ["suspect", "random"]
    assert table["by"].to_list() == ["anna", "anna"]
    assert table["time"].is_sorted()
    with open_answers(path, "bert", lists=False) as answers:
        assert answers["a"] == "cat"
        assert answers["b"] is None
        answers.remove("b")
        assert "b" not in answers
    assert pl.read_parquet(path)["key"].to_list() == ["a"]


def test_a_skipped_sample_is_kept_but_is_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "verified.parquet"
    with open_answers(path, "anna", lists=False) as answers:
        answers.skip("a")
        answers.skip("b")
    assert len(pl.read_parquet(path)) == 0
    assert json.loads(pl.read_parquet_metadata(path)[SKIPPED]) == ["a", "b"]
    with open_answers(path, "anna", lists=False) as answers:
        assert answers.is_skipped("a")
        answers.add("a", "ant", "ant", "suspect")
        answers.remove("b")
        assert not answers.is_skipped("a")
        assert not answers.is_skipped("b")


def test_lists_of_labels_are_kept_as_lists(tmp_path: Path) -> None:
    path = tmp_path / "verified.parquet"
    with open_answers(path, "anna", lists=True) as answers:
        answers.add("a", ["ant", "bee"], ["ant"], "suspect")
        answers.add("b", [], ["ant"], "suspect")
    assert pl.read_parquet(path)["label"].to_list() == [["ant", "bee"], []]
    with pytest.raises(CurateError, match="not a file of answers with single labels; name another"):
        open_answers(path, "anna", lists=False).__enter__()


def test_another_file_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    pl.DataFrame({"key": ["a"], "label": ["ant"]}).write_parquet(path)
    before = path.read_bytes()
    with pytest.raises(CurateError, match="exists and is not a file of answers"):
        open_answers(path, "anna", lists=False).__enter__()
    assert path.read_bytes() == before
    with pytest.raises(CurateError, match=r"name a file that ends in \.parquet"):
        open_answers(tmp_path / "verified.csv", "anna", lists=False).__enter__()


def test_one_process_at_a_time_writes(tmp_path: Path) -> None:
    path = tmp_path / "verified.parquet"
    with (
        FileLock(tmp_path / ".verified.parquet.lock"),
        pytest.raises(CurateError, match=r"is being written by another curate verify"),
    ):
        open_answers(path, "anna", lists=False).__enter__()


def test_curate_weight_reads_the_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    labels = [f"class {row % 3}" for row in range(60)]
    features = np.eye(8)[np.arange(60) % 3] + rng.normal(0, 0.2, (60, 8))
    table = {"key": [f"k{row}" for row in range(60)], "label": labels}
    crawl = pl.DataFrame({**table, "embedding": features.astype(np.float32)})
    crawl.write_parquet(tmp_path / "crawl.parquet")
    path = tmp_path / "verified.parquet"
    with open_answers(path, "anna", lists=False) as answers:
        answers.add("k0", "class 0", "class 0", "suspect")
        answers.add("k1", None, "class 1", "suspect")
        answers.skip("k2")
    options = ["--graph", "none", "--verified", str(path)]
    result = CliRunner().invoke(app, ["weight", str(tmp_path / "crawl.parquet"), *options])
    assert result.exit_code == 0, result.output
    assert "left out" not in result.output
