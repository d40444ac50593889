"""What `curate refine` says of its labels holds, whatever verified rows have had a part in."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from cli import app

ROWS, CLASSES, D = 2_000, 20, 160
SCORES = ("weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
          "issue_kind", "distance", "consistency")  # fmt: skip


def curate(*arguments: object) -> str:
    result = CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})
    assert result.exit_code == 0, result.output
    return result.output


def draw() -> pl.DataFrame:
    """Draw a crawl of classes that overlap, of which two fifths of the labels are wrong."""
    rng = np.random.default_rng(3)
    true = rng.integers(0, CLASSES, ROWS)
    x = 0.3 * rng.normal(size=(CLASSES, D))[true] + rng.normal(size=(ROWS, D))
    given = np.where(rng.random(ROWS) < 0.4, rng.integers(0, CLASSES, ROWS), true)
    rows = {"key": [f"k{n}" for n in range(ROWS)], "label": [f"c{c}" for c in given]}
    return pl.DataFrame(
        {**rows, "embedding": x.astype(np.float32), "true": [f"c{c}" for c in true]},
        schema_overrides={"embedding": pl.List(pl.Float32)},
    )


def near(rows: pl.DataFrame, ending: str) -> pl.DataFrame:
    x = np.stack(rows["embedding"].to_numpy()).astype(np.float32)
    x += 0.01 * np.random.default_rng(4).normal(size=x.shape).astype(np.float32)
    x = pl.Series(x.tolist(), dtype=pl.List(pl.Float32))
    return rows.with_columns(key=pl.col("key") + ending, embedding=x)


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a crawl, its verified rows, and weights with and without them."""
    folder = tmp_path_factory.mktemp("verdict")
    rows = draw()
    rows.write_parquet(folder / "crawl.parquet")
    # An exact copy of every verified row, given another label, that nobody has verified.
    verified = rows.sample(400, seed=1)
    copies = verified.with_columns(key=pl.col("key") + "-copy", label=pl.lit("c0"))
    # Copies that are not exact, of which one is verified; two that are verified contradict it.
    again = near(verified.head(40), "-near")
    against = near(verified.tail(2), "-against").with_columns(true=pl.lit("c0"))
    pl.concat([rows, copies, again, against]).write_parquet(folder / "crawl.parquet")
    answered = pl.concat([verified, again.head(20)]).select("key", label="true")
    answered.write_parquet(folder / "v.parquet")
    contradicted = pl.concat([answered, against.select("key", label="true")])
    contradicted.write_parquet(folder / "contradicted.parquet")
    weight = ("weight", folder / "crawl.parquet", "--graph", "none")
    curate(*weight, "--out", folder / "without.parquet")
    curate(*weight, "--out", folder / "with.parquet", "--verified", folder / "v.parquet")
    return folder


def said_and_true(crawl: Path, weighted: str) -> tuple[float, float, float]:
    """Return the interval of right labels that is said, and the share that is true elsewhere."""
    verified, out = crawl / "v.parquet", crawl / f"refined-{weighted}"
    options = ("--verified", verified, "--head", "stack", "--epochs", 3, "--out", out)
    words = curate("refine", crawl / weighted, *options)
    found = re.search(r"right after +[\d.]+% +\(([\d.]+)% to ([\d.]+)%\)", words)
    assert found is not None, words
    rows = pl.read_parquet(out).filter(~pl.col("key").str.contains("-"))
    rest = rows.join(pl.read_parquet(verified), on="key", how="anti")
    right = float((rest["refined_label"] == rest["true"]).mean())
    return float(found[1]) / 100, float(found[2]) / 100, right


@pytest.mark.parametrize("weighted", ["with.parquet", "without.parquet"])
def test_the_verdict_is_true_of_the_rows_that_nobody_has_verified(
    crawl: Path, weighted: str
) -> None:
    low, high, true = said_and_true(crawl, weighted)
    assert low <= true <= high


def test_verified_rows_are_scored_as_if_nobody_had_verified_them(crawl: Path) -> None:
    keys = pl.read_parquet(crawl / "v.parquet").select("key")
    told, plain = (
        keys.join(pl.read_parquet(crawl / name), on="key", maintain_order="left")
        for name in ("with.parquet", "without.parquet")
    )
    for column in SCORES:
        if told[column].dtype == pl.Float32:
            np.testing.assert_allclose(told[column], plain[column], rtol=1e-3, atol=1e-3)
        else:
            assert (told[column].eq_missing(plain[column])).mean() > 0.99, column


def test_the_other_rows_are_scored_by_what_was_verified(crawl: Path) -> None:
    keys = pl.read_parquet(crawl / "v.parquet").select("key")
    told, plain = (
        pl.read_parquet(crawl / name).join(keys, on="key", how="anti")
        for name in ("with.parquet", "without.parquet")
    )
    assert (told["label_quality"] - plain["label_quality"]).abs().max() > 0.05


def test_copies_of_verified_rows_take_their_labels_and_contradictions_are_left_out(
    crawl: Path,
) -> None:
    out = crawl / "refined.parquet"
    verified = crawl / "contradicted.parquet"
    options = ("--verified", verified, "--head", "stack", "--epochs", 1, "--out", out)
    words = " ".join(curate("refine", crawl / "without.parquet", *options).split())
    contradicting = "verified rows whose copies have another answer"
    assert f": {contradicting}, such as 'k" in words
    assert words.count(contradicting) == 1
    assert "copies of verified rows, which take their labels: 418." in words
    assert re.search(r"On 418 verified rows, each", words)
    summary = json.loads(curate("inspect", out, "--json"))["summary"]
    assert summary["verified"]["contradicted"] == 4
    assert summary["verified"]["estimate"]["asked"] == 422
    rows = pl.read_parquet(out)
    answers = pl.read_parquet(verified)
    left_out = rows.filter(pl.col("key").str.ends_with("-against"))["key"].str.head(-8).to_list()
    copies = rows.filter(
        pl.col("key").str.contains("-(copy|near)$"),
        ~pl.col("key").str.replace("-.*", "").is_in(left_out),
    )
    of = copies.with_columns(key=pl.col("key").str.replace("-.*", ""))
    told = of.join(answers, on="key")
    assert len(told) == 398 + 40
    assert (told["refined_label"] == told["label_right"]).all()
