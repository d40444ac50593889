"""`curate refine`, as a user runs it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from cli import app
from curate.heads.gains import ClassGains

ROWS, NAMES = 700, ("apple", "banana", "cherry", "plum")


def curate(command: str, path: Path, *options: object) -> Result:
    arguments = [command, path, *options]
    return CliRunner().invoke(app, list(map(str, arguments)), env={"COLUMNS": "200"})


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def draw(seed: int = 0) -> pl.DataFrame:
    """Draw a crawl of which a third of the labels are wrong, and every 17th image of no class."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 4, ROWS)
    centres = np.random.default_rng(99).normal(size=(5, 12))
    outside = np.arange(ROWS) % 17 == 8
    x = np.where(outside[:, None], centres[4], centres[true]) + rng.normal(0, 0.8, (ROWS, 12))
    given = np.where(rng.random(ROWS) < 0.33, (true + 1) % 4, true)
    return pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": [NAMES[c] for c in given],
            "embedding": x.astype(np.float32),
            "clip": [f"v{row // 4}" for row in range(ROWS)],
            "true": [None if out else NAMES[c] for c, out in zip(true, outside, strict=True)],
        },
        schema_overrides={"embedding": pl.List(pl.Float32)},
    )


def verify(rows: pl.DataFrame, path: Path, every: int = 4) -> Path:
    rows.gather_every(every).select("key", label="true").write_parquet(path)
    return path


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a weighted crawl, w.parquet, and of its verified rows, v.parquet."""
    folder = tmp_path_factory.mktemp("refine")
    rows = draw()
    rows.write_parquet(folder / "crawl.parquet")
    done(
        curate("weight", folder / "crawl.parquet", "--graph", "none", "--out", folder / "w.parquet")
    )
    verify(rows, folder / "v.parquet")
    done(refine(folder, "--out", folder / "r.parquet"))
    return folder


def refine(folder: Path, *options: object) -> Result:
    verified = ("--verified", folder / "v.parquet", "--head", "stack", "--epochs", 3)
    return curate("refine", folder / "w.parquet", *verified, *options)


def right(rows: pl.DataFrame, column: str = "refined_label") -> float:
    return float(rows.select(pl.col(column).eq_missing(pl.col("true")).mean()).item())


def test_labels_are_corrected_and_nothing_else_is_touched(crawl: Path) -> None:
    before, after = pl.read_parquet(crawl / "w.parquet"), pl.read_parquet(crawl / "r.parquet")
    assert after.select(before.columns).equals(before)
    assert after.columns[len(before.columns) :] == [
        "refined_label",
        "refined_probability",
        "refined_weight",
        "refined_classes",
        "refined_probabilities",
    ]
    unseen = after.join(pl.read_parquet(crawl / "v.parquet"), on="key", how="anti")
    assert right(unseen) > right(unseen, "label") + 0.15
    assert unseen.filter(pl.col("true").is_null())["refined_label"].null_count() > 10


def test_a_verified_row_is_what_a_person_said(crawl: Path) -> None:
    verified = pl.read_parquet(crawl / "v.parquet")
    rows = pl.read_parquet(crawl / "r.parquet").join(verified, on="key", suffix=" said")
    assert rows["refined_label"].equals(rows["label said"].alias("refined_label"), null_equal=True)
    assert (rows["refined_probability"] == 1).all()
    none = rows.filter(pl.col("label said").is_null())
    assert (none["refined_weight"] == 0).all()


def test_the_weight_is_that_of_the_refined_label(crawl: Path) -> None:
    rows = pl.read_parquet(crawl / "r.parquet")
    kept = rows.filter(pl.col("refined_label") == pl.col("label"))
    np.testing.assert_allclose(kept["refined_weight"], kept["weight"], atol=1e-4)
    mended = rows.filter(pl.col("refined_label") != pl.col("label"))
    assert mended["refined_weight"].mean() > mended["weight"].mean()
    first = rows.filter(pl.col("refined_label").is_not_null())
    assert (first["refined_classes"].list.first() == first["refined_label"]).all()
    assert (rows["refined_probabilities"].list.len() == 4).all()


def test_the_verdict_is_said_and_the_same_command_trains_nothing_again(crawl: Path) -> None:
    heads = set((crawl / "crawl.parquet.curate" / "heads").rglob("receipt.json"))
    stamps = {head: head.stat().st_mtime_ns for head in heads}
    words = done(refine(crawl, "--out", crawl / "again.parquet"))
    assert "On 175 verified rows, each judged by a head that has not seen it" in words
    assert "An improvement" in words
    assert {head: head.stat().st_mtime_ns for head in heads} == stamps
    assert pl.read_parquet(crawl / "again.parquet").equals(pl.read_parquet(crawl / "r.parquet"))


def test_what_is_gained_is_told_by_class(crawl: Path) -> None:
    words = done(refine(crawl, "--out", crawl / "gained.parquet"))
    assert "classes get better, beyond chance" in words
    assert "Classes by how many verified rows were given the class" in words
    gains = pl.read_parquet(crawl / "gained.gains.parquet")
    assert gains["class"].to_list() == list(NAMES)
    verified = pl.read_parquet(crawl / "v.parquet").join(draw().drop("true"), on="key")
    assert gains["rows"].sum() == len(verified)
    right = verified["label"].eq_missing(verified["label_right"]).mean()
    share = (gains["rows"] * gains["right_before"]).sum() / len(verified)
    assert share == pytest.approx(right)
    assert (gains["right_after"] > gains["right_before"]).any()


def test_a_class_that_gets_worse_keeps_its_given_labels(
    crawl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worse = property(lambda self: np.arange(len(self.rows)) == 1)
    monkeypatch.setattr(ClassGains, "worse", worse)
    monkeypatch.setattr(ClassGains, "better", property(lambda self: np.zeros(len(self.rows), bool)))
    words = done(refine(crawl, "--out", crawl / "kept.parquet"))
    assert "1 of 4 classes gets worse, beyond chance: its given labels stay" in words
    unseen = pl.read_parquet(crawl / "kept.parquet").join(
        pl.read_parquet(crawl / "v.parquet"), on="key", how="anti"
    )
    kept, rest = unseen.filter(label="banana"), unseen.filter(pl.col("label") != "banana")
    assert (kept["refined_label"] == "banana").all()
    assert kept["refined_probability"].null_count() == len(kept)
    np.testing.assert_allclose(kept["refined_weight"], kept["weight"], atol=1e-4)
    first = pl.read_parquet(crawl / "r.parquet").join(rest.select("key"), on="key", how="semi")
    assert rest["refined_label"].equals(first["refined_label"], null_equal=True)


def test_a_head_goes_to_another_process_and_crawl(crawl: Path, tmp_path: Path) -> None:
    head = next((crawl / "crawl.parquet.curate" / "heads").glob("*/head"))
    line = [sys.executable, "-c", "import cli; cli.main()", "refine", str(crawl / "w.parquet")]
    line += ["--apply", str(head), "--out", str(tmp_path / "same.parquet")]
    subprocess.run(line, check=True, capture_output=True)
    same, first = pl.read_parquet(tmp_path / "same.parquet"), pl.read_parquet(crawl / "r.parquet")
    unseen = pl.read_parquet(crawl / "v.parquet")
    left, rest = (rows.join(unseen, on="key", how="anti") for rows in (same, first))
    assert left["refined_label"].equals(rest["refined_label"], null_equal=True)
    np.testing.assert_allclose(left["refined_probability"], rest["refined_probability"], atol=1e-5)

    rows = draw(seed=5)
    rows.write_parquet(tmp_path / "other.parquet")
    done(curate("weight", tmp_path / "other.parquet", "--graph", "none"))
    words = done(curate("refine", tmp_path / "other.weighted.parquet", "--apply", head))
    other = pl.read_parquet(tmp_path / "other.refined.parquet")
    assert right(other) > right(other, "label") + 0.15
    assert "No row is verified" in words


def test_rows_without_a_label_are_counted(crawl: Path) -> None:
    words = done(refine(crawl, "--out", crawl / "without.parquet"))
    without = pl.read_parquet(crawl / "without.parquet")["refined_label"].null_count()
    assert without > 0
    assert f"Without a refined label: {without} rows, of none of the classes" in words


def test_xiao_tells_the_type_of_noise(crawl: Path) -> None:
    words = done(refine(crawl, "--head", "xiao", "--out", crawl / "x.parquet"))
    rows = pl.read_parquet(crawl / "x.parquet")
    types = rows.select("noise_free", "noise_random", "noise_confusing")
    counts = np.bincount(types.to_numpy().argmax(axis=1), minlength=3)
    assert f"{counts[0]} free, {counts[1]} random (drop), {counts[2]} confusing (relabel)" in words
    kept = ("--noise-type", "not-random", "--labels", "refined", "--keep", "all")
    done(curate("export", crawl / "x.parquet", "--to", "csv", "--out", crawl / "kept.csv", *kept))
    assert len(pl.read_csv(crawl / "kept.csv")) == counts[0] + counts[2]
    np.testing.assert_allclose(types.sum_horizontal(), 1, atol=1e-3)
    free = pl.col("label") == pl.col("true")
    assert rows.filter(free)["noise_free"].mean() > rows.filter(~free)["noise_free"].mean() + 0.3


def test_labels_that_are_right_are_not_called_an_improvement(tmp_path: Path) -> None:
    rows = draw().drop_nulls("true").with_columns(label="true")
    rows.write_parquet(tmp_path / "crawl.parquet")
    done(
        curate(
            "weight", tmp_path / "crawl.parquet", "--graph", "none", "--out", tmp_path / "w.parquet"
        )
    )
    verify(rows, tmp_path / "v.parquet", 10)
    words = done(refine(tmp_path))
    assert "No improvement is shown" in words
    assert "keep the given labels" in words


def test_nmn_needs_nothing_verified_and_takes_bags(crawl: Path) -> None:
    words = done(curate("refine", crawl / "w.parquet", "--epochs", 2, "--out", crawl / "n.parquet"))
    assert "nothing tells how right" in words
    assert pl.read_parquet(crawl / "n.parquet")["refined_label"].null_count() == 0
    options = ("--bag", "clip", "--epochs", 2, "--out", crawl / "b.parquet")
    done(curate("refine", crawl / "w.parquet", *options))
    assert len(pl.read_parquet(crawl / "b.parquet")) == ROWS
    assert len(pl.read_parquet(crawl / "b.rates.parquet")) == len(NAMES)
    bags = pl.read_parquet(crawl / "b.bags.parquet")
    assert set(bags["bag"]) <= set(pl.read_parquet(crawl / "w.parquet")["clip"].cast(pl.String))
    assert bags["label"].is_in(list(NAMES)).all()
    assert bags["probability"].is_between(0, 1).all()


def test_nmn_tells_how_often_labels_are_missing_and_wrongly_given(crawl: Path) -> None:
    out = ("--epochs", 2, "--out", crawl / "told.parquet")
    words = done(curate("refine", crawl / "w.parquet", "--head", "nmn", *out))
    assert re.search(r"missing (most often|about as often in each class), .*of images that", words)
    assert "Rates of missing and wrongly given labels:" in words
    rates = pl.read_parquet(crawl / "told.rates.parquet")
    assert rates.columns == ["class", "missing", "wrongly_given"]
    assert rates["class"].to_list() == sorted(NAMES)
    values = rates.select("missing", "wrongly_given").to_numpy()
    assert ((values > 0) & (values < 1)).all()
    assert (rates["wrongly_given"] < 0.5).all()
    assert not (crawl / "told.bags.parquet").exists()
    (crawl / "told.parquet").unlink()
    again = curate("refine", crawl / "w.parquet", "--head", "nmn", *out)
    assert again.exit_code == 2
    assert "told.rates.parquet exists" in again.stderr


def test_lists_of_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    true = rng.random((ROWS, 4)) < 0.4
    given = np.where(rng.random(true.shape) < 0.25, False, true)
    x = true @ rng.normal(size=(4, 12)) + rng.normal(0, 0.5, (ROWS, 12))
    as_names = [[[NAMES[c] for c in np.flatnonzero(row)] for row in sets] for sets in (given, true)]
    rows = pl.DataFrame(
        {
            "key": range(ROWS),
            "label": as_names[0],
            "embedding": x.astype(np.float32),
            "true": as_names[1],
        },
        schema_overrides={"embedding": pl.List(pl.Float32), "label": pl.List(pl.String)},
    )
    rows.write_parquet(tmp_path / "crawl.parquet")
    done(
        curate(
            "weight", tmp_path / "crawl.parquet", "--graph", "none", "--out", tmp_path / "w.parquet"
        )
    )
    verify(rows, tmp_path / "v.parquet")
    words = done(refine(tmp_path, "--out", tmp_path / "r.parquet"))
    assert "An improvement" in words
    after = pl.read_parquet(tmp_path / "r.parquet")
    assert after.schema["refined_label"] == pl.List(pl.String)
    assert after["refined_label"].list.len().equals(after["refined_weight"].list.len())

    def missed(column: str) -> float:
        return after.select(
            pl.col("true").list.set_difference(pl.col(column)).list.len().sum()
        ).item()

    assert missed("refined_label") < missed("label") / 2


def test_labels_that_are_no_class_are_offered_as_new_ones(crawl: Path) -> None:
    rows = draw().with_columns(
        true=pl.when(pl.col("true").is_null()).then(pl.lit("grape")).otherwise("true")
    )
    verify(rows, crawl / "grapes.parquet", 3)
    options = ("--verified", crawl / "grapes.parquet", "--epochs", 3)
    result = curate("refine", crawl / "w.parquet", *options, "--out", crawl / "g1.parquet")
    assert result.exit_code == 2
    assert "13 labels that the crawl does not have: 'grape'" in result.stderr
    assert "or take them for classes with --new-classes" in result.stderr
    found = ("--new-classes", "--out", crawl / "g2.parquet")
    done(curate("refine", crawl / "w.parquet", *options, *found))
    grapes = pl.read_parquet(crawl / "g2.parquet").filter(pl.col("true").is_null())
    assert (grapes["refined_label"] == "grape").mean() > 0.5
    assert (grapes["refined_weight"] > 0).mean() > 0.5


def test_a_csv_has_no_lists_but_all_else(crawl: Path, tmp_path: Path) -> None:
    shutil.copytree(crawl, tmp_path / "csv")
    rows = draw().drop("embedding")
    rows.write_csv(tmp_path / "crawl.csv")
    np.save(tmp_path / "x.npy", np.array(draw()["embedding"].to_list(), np.float16))
    done(
        curate(
            "weight", tmp_path / "crawl.csv", "--graph", "none", "--embeddings", tmp_path / "x.npy"
        )
    )
    verified = ("--verified", crawl / "v.parquet", "--epochs", 2)
    done(curate("refine", tmp_path / "crawl.weighted.csv", *verified))
    columns = pl.read_csv(tmp_path / "crawl.refined.csv").columns
    assert columns[-3:] == ["refined_label", "refined_probability", "refined_weight"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"key": ["k1"], "label": ["apple"]}, "a head needs 10 rows of two classes at least"),
        (
            {"key": ["z"] * 12, "label": ["apple"] * 12},
            "verified keys that are not in the manifest (1): z; write keys as they stand in its"
            " column 'key', such as 'k",
        ),
        (
            {
                "key": [f"k{row}" for row in range(20)],
                "label": pl.Series([None] * 20, dtype=pl.String),
            },
            "w.parquet has are without a label, which says that they show none of the classes",
        ),
        ({"name": ["k1"], "label": ["apple"]}, "it needs key, and label"),
        (
            {"key": [f"k{row}" for row in range(20)], "label": [["apple", "plum"]] * 20},
            "has rows with several labels",
        ),
        (
            {"key": [f"k{row}" for row in range(20)], "label": ["apple"] * 20},
            "a head needs 10 rows of two classes at least",
        ),
    ],
)
def test_verified_rows_that_will_not_do(crawl: Path, tmp_path: Path, rows: dict, said: str) -> None:
    pl.DataFrame(rows).write_parquet(tmp_path / "v.parquet")
    options = ("--verified", tmp_path / "v.parquet", "--out", tmp_path / "r.parquet")
    result = curate("refine", crawl / "w.parquet", *options)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert not (tmp_path / "r.parquet").exists()


def test_contradictions_and_strange_keys_are_left_out_and_said(crawl: Path, tmp_path: Path) -> None:
    good = pl.read_parquet(crawl / "v.parquet")
    more = pl.DataFrame({"key": ["k0", "nobody"], "label": ["cherry", "plum"]})
    other = more.with_columns(label=pl.lit("banana"))
    pl.concat([good, more, other]).write_parquet(tmp_path / "v.parquet")
    options = ("--verified", tmp_path / "v.parquet", "--epochs", 2)
    words = done(curate("refine", crawl / "w.parquet", *options, "--out", tmp_path / "r.parquet"))
    assert "keys with contradicting labels, such as 'k0', 'nobody', are left out: 2." in words
    assert "On 174 verified rows" in words


def test_ten_rows_are_enough(crawl: Path, tmp_path: Path) -> None:
    good = pl.read_parquet(crawl / "v.parquet").drop_nulls()
    good.head(10).write_csv(tmp_path / "v.csv")
    options = ("--verified", tmp_path / "v.csv", "--epochs", 2, "--out", tmp_path / "r.parquet")
    words = done(curate("refine", crawl / "w.parquet", *options))
    assert "On 10 verified rows" in words
    assert "nan" not in words.lower()
    assert pl.read_parquet(tmp_path / "r.parquet")["refined_probability"].is_finite().all()


def test_options_that_cannot_be(crawl: Path, tmp_path: Path) -> None:
    def refusal(*options: object) -> str:
        result = curate("refine", crawl / "w.parquet", "--out", tmp_path / "no.parquet", *options)
        assert result.exit_code == 2, result.output
        return result.stderr

    assert "--head magic is not known; choose one of auto, stack" in refusal("--head", "magic")
    assert "--head xiao learns from verified rows" in refusal("--head", "xiao")
    assert "--apply" in refusal("--apply", tmp_path)
    assert "no column 'frames' (--bag)" in refusal("--bag", "frames")
    assert "--new-classes adds the classes of verified rows" in refusal("--new-classes")
    assert "--epochs 0: at least 1" in refusal("--epochs", 0)
    verified = ("--verified", crawl / "v.parquet")
    assert "--bag is for --head nmn" in refusal(*verified, "--head", "veit", "--bag", "clip")
    out = ("--out", crawl / "r.parquet")
    assert "exists; replace it with --overwrite" in refusal(*verified, *out)
    result = curate("refine", crawl / "r.parquet", "--out", tmp_path / "no.parquet")
    assert "already has a column 'refined_label'" in result.stderr
    pl.read_parquet(crawl / "w.parquet").write_parquet(tmp_path / "alone.parquet")
    result = curate("refine", tmp_path / "alone.parquet")
    assert "does not say which run weighed it" in result.stderr


def test_the_head_says_what_it_is(crawl: Path) -> None:
    head = next((crawl / "crawl.parquet.curate" / "heads").glob("*/head"))
    about = json.loads((head / "head.json").read_text())
    assert about["classes"][:4] == list(NAMES)
    assert about["encoder"] == "embeddings"


def test_rows_that_were_chosen_as_wrong_are_said_to_be_unlike_the_crawl(
    crawl: Path, tmp_path: Path
) -> None:
    rows = pl.read_parquet(crawl / "crawl.parquet")
    wrong = rows.drop_nulls("true").filter(pl.col("label") != pl.col("true"))
    wrong.select("key", label="true").write_parquet(tmp_path / "v.parquet")
    out = ("--out", tmp_path / "r.parquet")
    options = ("--verified", tmp_path / "v.parquet", "--head", "fine-tune", "--epochs", 1)
    words = " ".join(done(curate("refine", crawl / "w.parquet", *options, *out)).split())
    assert "They are unlike the crawl, of whose labels" in words
    assert "An improvement: train" not in words
