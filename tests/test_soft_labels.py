"""Soft labels and the noise matrix as a user gets them, on crawls that bring their embeddings."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from cli import app

NAMES = ("ant", "bee", "cat", "dog")
SOFT = ["soft_labels", "soft_probabilities"]


def crawl(rows: int = 160) -> pl.DataFrame:
    """Every eighth label is wrong; row 2 has no features, row 3 no label."""
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % 4
    given = np.where(np.arange(rows) % 8 == 0, (truth + 1) % 4, truth)
    features = rng.normal(size=(rows, 12)) / 4 + np.eye(4, 12)[truth]
    return pl.DataFrame(
        {
            "key": [f"{row:04d}" for row in range(rows)],
            "label": [None if row == 3 else NAMES[c] for row, c in enumerate(given)],
            "true": [NAMES[c] for c in truth],
            "embedding": [None if row == 2 else x.tolist() for row, x in enumerate(features)],
        }
    )


def weigh(path: Path, *options: object) -> Result:
    arguments = ["weight", path, "--graph", "none", *options]
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawl")
    crawl().write_parquet(folder / "crawl.parquet")
    result = weigh(folder / "crawl.parquet", "--soft-labels", 2)
    assert result.exit_code == 0, result.output
    return folder


def stamps(run: Path) -> dict[str, int]:
    return {str(f): f.stat().st_mtime_ns for f in run.rglob("receipt.json")}


def test_the_given_label_comes_first_and_probabilities_sum_to_one(folder: Path) -> None:
    rows = pl.read_parquet(folder / "crawl.weighted.parquet")
    assert rows.columns[-2:] == SOFT
    assert rows.schema["soft_labels"] == pl.List(pl.String)
    assert rows.schema["soft_probabilities"] == pl.List(pl.Float32)
    judged = rows.filter((pl.col("status") == "ok") & pl.col("label").is_not_null())
    assert (judged["soft_labels"].list.len() == 3).all()
    assert (judged["soft_labels"].list.first() == judged["label"]).all()
    np.testing.assert_allclose(judged["soft_probabilities"].list.sum().to_numpy(), 1, atol=1e-5)
    share = judged["soft_probabilities"].list.first()
    right = judged["label"] == judged["true"]
    assert share.filter(right).median() > 0.99
    assert share.filter(~right).median() < 0.5
    assert share.filter(~right).quantile(0.95) < share.filter(right).quantile(0.05)  # type: ignore[operator]


def test_without_features_the_label_stays_and_without_a_label_there_is_nothing(
    folder: Path,
) -> None:
    rows = pl.read_parquet(folder / "crawl.weighted.parquet")
    assert rows.select(SOFT).row(2) == (["cat"], [1.0])
    assert rows.select(SOFT).row(3) == (None, None)


def test_turning_it_on_redoes_nothing_else(folder: Path) -> None:
    run, out = folder / "crawl.parquet.curate", folder / "other.parquet"
    before = stamps(run)
    assert weigh(folder / "crawl.parquet", "--soft-labels", 3, "--out", out).exit_code == 0
    after = stamps(run)
    assert before.items() <= after.items()
    assert {Path(path).parts[-4] for path in after.keys() - before.keys()} == {"soft_labels"}
    first = pl.read_parquet(folder / "crawl.weighted.parquet")
    assert pl.read_parquet(out).drop(SOFT).equals(first.drop(SOFT))
    plain = folder / "plain.parquet"
    assert weigh(folder / "crawl.parquet", "--out", plain).exit_code == 0
    assert pl.read_parquet(plain).equals(first.drop(SOFT))


def test_slim_json_lines_with_a_prefix(folder: Path) -> None:
    out = folder / "slim.jsonl"
    options = ("--soft-labels", 2, "--slim", "--prefix", "c_", "--out", out)
    result = weigh(folder / "crawl.parquet", *options)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["key"] for row in rows] == crawl()["key"].to_list()
    expected = pl.read_parquet(folder / "crawl.weighted.parquet")
    assert [row["c_soft_labels"] for row in rows] == expected["soft_labels"].to_list()


@pytest.mark.parametrize("kind", [pa.int16(), pa.dictionary(pa.int8(), pa.string())])
def test_labels_have_the_type_of_the_manifests(kind: pa.DataType, tmp_path: Path) -> None:
    table = crawl().drop("true").to_arrow()
    numbers = pa.array([None if n is None else NAMES.index(n) for n in crawl()["label"]])
    labels = (
        table["label"].cast(pa.string()).dictionary_encode()
        if pa.types.is_dictionary(kind)
        else numbers
    )
    path = tmp_path / "crawl.parquet"
    pq.write_table(table.set_column(1, "label", labels.cast(kind)), path)
    result = weigh(path, "--soft-labels", 1)
    assert result.exit_code == 0, result.output
    written = pq.read_table(tmp_path / "crawl.weighted.parquet")
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    assert written.schema.field("soft_labels").type.value_type == value
    assert written["soft_labels"][0].as_py()[0] == written["label"][0].as_py()
    matrix = pq.read_table(tmp_path / "crawl.parquet.curate" / "noise_matrix.parquet")
    assert matrix.schema.field("true").type.equals(value) or value == pa.string()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--soft-labels", 0), "--soft-labels 0: the given label shares with at least one"),
        (("--soft-labels", 4), "--soft-labels 4: a label can share with at most 3 other classes"),
        (("--soft-labels", 1, "--out", "out.csv"), "writes lists, which out.csv cannot hold"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, options: tuple[object], words: str) -> None:
    result = weigh(folder / "crawl.parquet", "--overwrite", *options)
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_column_of_that_name_matters_only_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    crawl().with_columns(soft_labels=pl.lit(1)).write_parquet(path)
    refused = weigh(path, "--soft-labels", 1)
    assert refused.exit_code == 2
    assert "already has a column 'soft_labels'" in " ".join(refused.output.split())
    assert weigh(path).exit_code == 0


def test_hugging_face_is_told_of_the_lists(tmp_path: Path) -> None:
    path = tmp_path / "crawl.parquet"
    table = crawl().to_arrow()
    described = json.dumps({"info": {"features": {"label": {"dtype": "string"}}}})
    pq.write_table(table.replace_schema_metadata({"huggingface": described}), path)
    assert weigh(path, "--soft-labels", 1).exit_code == 0
    metadata = pq.read_schema(tmp_path / "crawl.weighted.parquet").metadata[b"huggingface"]
    features = json.loads(metadata)["info"]["features"]
    assert features["soft_probabilities"] == {
        "feature": {"dtype": "float32", "_type": "Value"},
        "_type": "Sequence",
    }


def test_the_noise_matrix_is_written_and_agrees_with_the_summary(folder: Path) -> None:
    out = folder / "again.parquet"
    words = weigh(folder / "crawl.parquet", "--out", out).stdout
    matrix = pl.read_parquet(folder / "crawl.parquet.curate" / "noise_matrix.parquet")
    assert matrix.columns == ["given", "true", "count", "given_by_true", "true_by_given"]
    assert matrix["count"].sum() == 158
    wrong = matrix.filter(pl.col("given").ne_missing(pl.col("true")))["count"].sum()
    assert f"{wrong / 158:.1%}" in words
    assert "bee → ant: " in words
    for condition, share in (("true", "given_by_true"), ("given", "true_by_given")):
        sums = matrix.group_by(condition).agg(pl.col(share).sum())[share]
        np.testing.assert_allclose(sums.to_numpy(), 1)
