import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from benchmarks import ablation, training
from benchmarks.ablation import BASE, PAPER, TABLES, Setting, confident, weights
from curate.errors import CurateError
from prototypes.score.weights import sample_weight

NAMES = ("apple", "cat", "truck")


def write(folder: Path) -> list[str]:
    """Write a crawl of which a fifth is wrong, its truth, and clean images; return the paths."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 96))
    for name, rows, rate in (("crawl", 240, 5), ("clean", 60, 61)):
        true = np.arange(rows) % 3
        labels = np.where(np.arange(rows) % rate == rate - 1, (true + 1) % 3, true)
        keys = [f"{row}" for row in range(rows)]
        given = [NAMES[label] for label in labels]
        pl.DataFrame({"key": keys, "label": given}).write_parquet(folder / f"{name}.parquet")
        right = {"key": keys, "true_label": [NAMES[label] for label in true]}
        pl.DataFrame(right).write_parquet(folder / f"{name}_truth.parquet")
        x = centres[true] + rng.normal(size=(rows, 96))
        np.save(folder / f"{name}.npy", x.astype(np.float32))
    files = ("crawl.parquet", "crawl_truth.parquet", "clean.parquet", "crawl.npy", "clean.npy")
    return [str(folder / file) for file in files]


def test_every_table_has_the_papers_base_once() -> None:
    for _, settings in TABLES.values():
        base = [found for found in settings.values() if found in (Setting(), Setting(graph=BASE))]
        assert len(base) == 1


def test_the_paper_has_a_number_for_every_row_but_those_that_are_ours() -> None:
    ours = {2: {"none"}, 4: {"1.6"}, 5: {"0.5", "3.0"}}
    for number, (_, settings) in TABLES.items():
        assert settings.keys() - PAPER[number].keys() == ours.get(number, set())
        assert not PAPER[number].keys() - settings.keys()


def test_the_confident_are_the_nearest_two_fifths_of_each_class() -> None:
    distance = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.8, 0.2], np.float32)
    labels = np.array([0, 0, 0, 0, 0, 1, 2], np.int32)
    expected = [False, True, False, True, False, True, True]
    assert confident(distance, labels).tolist() == expected


def test_models_are_all_data_a_subset_and_the_weights_of_equation_6() -> None:
    distance, labels = np.array([0.2, 1.0, 1.3], np.float32), np.zeros(3, np.int32)
    assert weights(Setting("A"), distance, labels).tolist() == [1, 1, 1]
    assert weights(Setting("B"), distance, labels).tolist() == [1, 1, 0]
    chosen = weights(Setting(alpha=1.4, beta=2), distance, labels)
    assert np.array_equal(chosen, sample_weight(distance, 1.4, 2))


def test_the_tables_are_printed_beside_the_papers_numbers(tmp_path: Path) -> None:
    crawl, _, clean, *features = write(tmp_path)
    chosen = ["--table", "1", "--table", "3", "--seeds", "2", "--steps", "2", "--steps", "4"]
    chosen += ["--graph", "wordnet"]
    out = ["--out", str(tmp_path / "out.json")]
    said = CliRunner().invoke(
        ablation.app, [crawl, clean, "--embeddings", *features, *chosen, *out]
    )
    assert said.exit_code == 0, said.output
    assert "51.05 / 74.94" in said.output
    assert "55.68 / 78.45" in said.output
    assert "Table 5" not in said.output
    found = json.loads((tmp_path / "out.json").read_text())["accuracies"]
    assert found["1: C"] == found["3: weighted"]
    assert np.array(found["1: A"]).shape == (2, 2, 2)


def test_a_table_that_the_paper_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="--table 6 is none of 1 to 5"):
        ablation._chosen([1, 6])


def test_training_compares_what_each_method_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_cleanlab_kept", lambda task, _: np.ones(len(task.labels)))
    crawl, truth, clean, *features = write(tmp_path)
    chosen = ["--seeds", "1", "--steps", "60", "--out", str(tmp_path / "out.json")]
    command = [crawl, truth, clean, "--embeddings", *features, *chosen]
    said = CliRunner().invoke(training.app, command)
    assert said.exit_code == 0, said.output
    found = json.loads((tmp_path / "out.json").read_text())["accuracies"]
    assert found["cleanlab: not find_label_issues"] == found["all labels"]
    assert found["ceiling: right labels only"][0][0][0] > 0.7
    assert re.search(r"\| ceiling: right labels only +\| 0.800 \| 1.000 \|", said.output)
    assert found["curriculumnet: not its farthest subset"][0][0][0] > 0.4
    flipped = [*command, "--no-cleanlab", "--add-noise", "uniform-by-class", "0.25"]
    said = CliRunner().invoke(training.app, flipped)
    assert re.search(r"\| all labels +\| 1.000 \| 0.750 \|", said.output)
    assert "cleanlab" not in said.output


def test_shares_are_of_rows_and_of_weight() -> None:
    weight, wrong = np.array([0, 1, 3, 4]), np.array([True, False, False, True])
    assert training.shares(weight, wrong) == ("0.750", "0.500")
