"""`curate duplicates` shows each group of copies, those with different labels first."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app

ROWS = 60
COPIED = {40: 3, 41: 3, 42: 7, 43: 7, 44: 7, 45: 12}
"""Which row is a copy of which; all rows of a group have the same label, but for row 45."""


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, rng = tmp_path_factory.mktemp("groups"), np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 16)) + 2 * np.eye(3, 16)[np.arange(ROWS) % 3]
    labels = [("ant", "bee", "cow\x1b[31m")[row % 3] for row in range(ROWS)]
    for copy, row in COPIED.items():
        x[copy], labels[copy] = x[row], labels[row]
    labels[45] = "bee"
    np.save(folder / "x.npy", x)
    keys = [f"k{row}" for row in range(ROWS)]
    pl.DataFrame({"key": keys, "label": labels}).write_parquet(folder / "crawl.parquet")
    run("weight", folder / "crawl.parquet", "--embeddings", folder / "x.npy", "--graph", "none")
    return folder / "crawl.weighted.parquet"


def test_conflicts_come_first_then_the_largest_groups(weighted: Path) -> None:
    found = json.loads(run("duplicates", weighted, "--json"))
    assert (found["copies"], found["conflicts"], found["found"]) == (6, 1, 3)
    assert found["wrong"] == 1
    groups = [(group["representative"], group["keys"]) for group in found["groups"]]
    assert groups == [
        ("k12", ["k12", "k45"]),
        ("k7", ["k7", "k42", "k43", "k44"]),
        ("k3", ["k3", "k40", "k41"]),
    ]
    assert [group["different"] for group in found["groups"]] == [2, 1, 1]
    assert found["groups"][0]["labels"] == ["ant", "bee"]


def test_groups_are_shown_with_their_labels_counted(weighted: Path) -> None:
    said = run("duplicates", weighted, "--limit", 2)
    assert "Copies of an earlier row: 6; groups: 3; groups with different labels: 1 (" in said
    assert "at most one of a group's labels is right, so at least 1 label is wrong)." in said
    assert "2 rows: 1 ant; 1 bee" in said
    assert "4 rows: 4 bee" in said
    assert "2 of 3 groups shown; --limit shows more." in said
    assert "groups shown" not in run("duplicates", weighted)
    assert "k40" not in said
    assert "\x1b" not in said


def test_rows_that_were_filtered_since_are_no_copies(weighted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(weighted).filter(pl.col("key") != "k12").sort("key")
    metadata = pl.read_parquet_metadata(weighted)
    rows.write_parquet(tmp_path / "less.parquet", metadata=metadata)
    found = json.loads(run("duplicates", tmp_path / "less.parquet", "--json"))
    assert [group["representative"] for group in found["groups"]] == ["k7", "k3"]


def test_a_file_without_copies_says_so(weighted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(weighted).filter(pl.col("duplicates") == 1)
    rows.write_parquet(tmp_path / "none.parquet", metadata=pl.read_parquet_metadata(weighted))
    assert "No row shows what another row shows." in run("duplicates", tmp_path / "none.parquet")


def test_a_file_weighed_without_them_is_refused(weighted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(weighted).drop("duplicate_of")
    rows.write_parquet(tmp_path / "old.parquet", metadata=pl.read_parquet_metadata(weighted))
    done = CliRunner().invoke(app, ["duplicates", str(tmp_path / "old.parquet")])
    assert done.exit_code == 2
    assert "no column 'duplicate_of'" in " ".join(done.stderr.split())


def test_the_summary_counts_copies(weighted: Path) -> None:
    summary = json.loads(run("inspect", weighted, "--json"))["summary"]
    assert (summary["copies"], summary["copied"]) == (6, 3)
    said = run("inspect", weighted)
    assert "6 of an earlier row; groups: 3" in said
    assert "groups with different labels: 1 (at most one" in said


def test_where_none_were_looked_for_none_are_counted(weighted: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(weighted).drop("duplicate_of", "duplicates")
    rows.write_parquet(tmp_path / "old.parquet", metadata=pl.read_parquet_metadata(weighted))
    summary = json.loads(run("inspect", tmp_path / "old.parquet", "--json"))["summary"]
    assert summary["copies"] is None


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weigh lists of labels without keys: rows 50 and 52 are copies of 0, and row 51 is of 1."""
    tmp_path, rng = tmp_path_factory.mktemp("lists"), np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 16)) + 2 * np.eye(3, 16)[np.arange(ROWS) % 3]
    labels = [[("ant", "bee", "cow")[row % 3]] for row in range(ROWS)]
    x[50], x[51], x[52] = x[0], x[1], x[0]
    labels[0], labels[50], labels[51], labels[52] = ["ant", "bee"], ["bee", "ant"], ["cow"], []
    np.save(tmp_path / "x.npy", x)
    pl.DataFrame({"label": labels}).write_parquet(tmp_path / "crawl.parquet")
    run("weight", tmp_path / "crawl.parquet", "--embeddings", tmp_path / "x.npy", "--graph", "none")
    return tmp_path / "crawl.weighted.parquet"


def test_lists_of_labels_are_compared_as_sets_and_given_as_lists(lists: Path) -> None:
    found = json.loads(run("duplicates", lists, "--json"))
    assert (found["conflicts"], found["wrong"]) == (1, 0)
    assert [group["rows"] for group in found["groups"]] == [[1, 51], [0, 50, 52]]
    assert [group["different"] for group in found["groups"]] == [2, 1]
    labels = [group["labels"] for group in found["groups"]]
    assert labels == [[["bee"], ["cow"]], [["ant", "bee"], ["ant", "bee"], []]]


def test_lists_of_labels_are_told_apart_and_each_label_has_its_quality(lists: Path) -> None:
    said = run("duplicates", lists)
    assert "groups with different labels: 1 (several of these may be right, so they do not" in said
    assert "2 rows: 1 bee; 1 cow" in said
    assert "3 rows: 2 ant, bee; 1 no label" in said
    row = pl.read_parquet(lists).row(50, named=True)
    expected = ", ".join(f"{quality:.3f}" for quality in row["label_quality"])
    (line,) = (line for line in said.splitlines() if line.startswith("bee, ant"))
    assert expected in line


def test_without_keys_rows_are_named_by_numbers_that_are_said_to_begin_at_0(lists: Path) -> None:
    said = run("duplicates", lists)
    assert "row, from 0" in said
    (line,) = (line for line in said.splitlines() if line.startswith("cow"))
    assert line.split()[-1] == "51"
    assert pl.read_parquet(lists)["duplicate_of"][51] == 1
    shown = run("inspect", lists, "--key", 51)
    assert "row, from 0" in shown
