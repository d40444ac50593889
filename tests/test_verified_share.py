"""What verified rows tell of the share of wrong labels, in weight, inspect and report."""

import html
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.weighted.origin import read_origin
from prototypes.score.verified_share import BINS, clopper_pearson, doubt_bins, prediction_powered
from tests.crawls import curate

ROWS = 600
LABELS = np.array(["ant", "bee", "cat"])


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a crawl, its features, and its weights without verified rows."""
    folder, rng = tmp_path_factory.mktemp("crawl"), np.random.default_rng(0)
    true = rng.integers(0, 3, ROWS)
    given = np.where(rng.random(ROWS) < 0.2, (true + 1) % 3, true)
    features = np.eye(8)[true] + rng.normal(0, 0.3, (ROWS, 8))
    features[::50] = np.nan
    np.save(folder / "features.npy", features.astype(np.float32))
    keys = [f"k{row}" for row in range(ROWS)]
    rows = pl.DataFrame({"key": keys, "label": LABELS[given], "true": LABELS[true]})
    rows.drop("true").write_parquet(folder / "crawl.parquet")
    rows.write_parquet(folder / "truth.parquet")
    weigh(folder, "plain.parquet")
    return folder


def weigh(folder: Path, out: str, *options: object) -> str:
    features = ("--embeddings", folder / "features.npy", "--graph", "none")
    asked = ("weight", folder / "crawl.parquet", *features, "--out", folder / out)
    result = curate(*asked, "--overwrite", *options)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def answers(crawl: Path, folder: Path, strategy: str | None, rows: int = 120) -> Path:
    truth = pl.read_parquet(crawl / "truth.parquet").sample(rows, seed=1)
    table = truth.select("key", label="true")
    if strategy is not None:
        table = table.with_columns(strategy=pl.lit(strategy))
    table.write_parquet(folder / "v.parquet")
    return folder / "v.parquet"


def page(path: Path, folder: Path) -> str:
    result = curate("report", path, "--out", folder / "page.html", "--overwrite")
    assert result.exit_code == 0, result.output
    return html.unescape((folder / "page.html").read_text("utf-8"))


def expected(crawl: Path, table: Path) -> tuple[float, float, float]:
    """Estimate from what was said of every row when none was verified."""
    rows = pl.read_parquet(crawl / "plain.parquet").drop_nulls("label_quality")
    found = rows.join(pl.read_parquet(table), on="key", suffix="_true", maintain_order="left")
    population = np.bincount(doubt_bins(rows["label_quality"].to_numpy()), minlength=BINS)
    wrong = (found["label"] != found["label_true"]).to_numpy()
    share = prediction_powered(wrong, found["label_quality"].to_numpy(), population)
    alone = clopper_pearson(share.wrong, share.asked)
    assert share.high - share.low < 0.8 * (alone.high - alone.low)
    return share.share, share.low, share.high


def test_weight_inspect_and_report_say_the_same_share(crawl: Path, tmp_path: Path) -> None:
    table = answers(crawl, tmp_path, "random")
    said = weigh(crawl, "random.parquet", "--verified", table)
    share, low, high = expected(crawl, table)
    interval = f"{low:.1%} to {high:.1%} (95% interval)"
    words = f"wrong labels {share:.1%}, {interval}, by"
    assert words in said
    assert "rows verified at random" in said
    shown = curate("inspect", crawl / "random.parquet")
    assert words in " ".join(shown.stdout.split())
    told = json.loads(curate("inspect", crawl / "random.parquet", "--json").stdout)
    estimate = told["summary"]["verified"]["estimate"]
    assert estimate["share"] == pytest.approx(share, abs=1e-3)
    assert (estimate["low"], estimate["high"]) == pytest.approx((low, high), abs=1e-3)
    assert f"{share:.1%}" in page(crawl / "random.parquet", tmp_path)
    assert interval in page(crawl / "random.parquet", tmp_path)


def test_what_is_assumed_of_a_table_is_said(crawl: Path, tmp_path: Path) -> None:
    said = weigh(crawl, "assumed.parquet", "--verified", answers(crawl, tmp_path, None))
    words = "verified rows, taken for a random sample, since the table does not say how"
    assert words in said
    assert words in page(crawl / "assumed.parquet", tmp_path)


def test_rows_that_were_not_drawn_at_random_tell_no_share(crawl: Path, tmp_path: Path) -> None:
    said = weigh(crawl, "suspect.parquet", "--verified", answers(crawl, tmp_path, "suspect"))
    words = "verified rows was drawn at random (curate verify --strategy random)"
    assert words in said
    assert words in page(crawl / "suspect.parquet", tmp_path)
    told = json.loads(curate("inspect", crawl / "suspect.parquet", "--json").stdout)
    assert told["summary"]["verified"]["estimate"] is None


def test_inspect_and_report_take_a_table_of_verified_rows(crawl: Path, tmp_path: Path) -> None:
    table = answers(crawl, tmp_path, "random")
    share, low, high = expected(crawl, table)
    shown = curate("inspect", crawl / "plain.parquet", "--verified", table)
    assert f"wrong labels {share:.1%}, {low:.1%} to {high:.1%}" in " ".join(shown.stdout.split())
    out = ("--out", tmp_path / "page.html", "--verified", table)
    assert curate("report", crawl / "plain.parquet", *out).exit_code == 0
    assert f"{low:.1%} to {high:.1%} (95% interval)" in (tmp_path / "page.html").read_text("utf-8")
    table.write_bytes(b"nothing")
    result = curate("inspect", crawl / "plain.parquet", "--verified", table)
    assert result.exit_code == 2
    assert "--verified" in result.stderr


def test_refine_hands_it_on(crawl: Path, tmp_path: Path) -> None:
    table = answers(crawl, tmp_path, "random")
    share, _, _ = expected(crawl, table)
    options = ("--verified", table, "--epochs", 1, "--out", tmp_path / "refined.parquet")
    result = curate("refine", crawl / "plain.parquet", *options)
    assert result.exit_code == 0, result.output
    shown = curate("inspect", tmp_path / "refined.parquet")
    assert f"wrong labels {share:.1%}, " in " ".join(shown.stdout.split())


def test_of_lists_it_is_the_share_of_images_with_any_wrong_label(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    quality, wrong = rng.random((400, 2)), rng.random(400) < 0.3
    quality[wrong, 1] *= 0.1
    keys = [f"k{row}" for row in range(400)]
    columns = {"key": keys, "label": [["ant", "bee"]] * 400, "label_quality": quality.tolist()}
    pl.DataFrame(columns).write_parquet(tmp_path / "w.parquet")
    right = [["ant"] if bad else ["bee", "ant", "ant"] for bad in wrong[:100]]
    table = pl.DataFrame({"key": keys[:100], "label": right, "strategy": ["random"] * 100})
    table.write_parquet(tmp_path / "v.parquet")
    shown = curate("inspect", tmp_path / "w.parquet", "--verified", tmp_path / "v.parquet")
    population = np.bincount(doubt_bins(quality.min(axis=1)), minlength=BINS)
    found = prediction_powered(wrong[:100], quality[:100].min(axis=1), population)
    words = f"images with a wrong label {found.share:.1%}, {found.low:.1%} to {found.high:.1%}"
    assert words in " ".join(shown.stdout.split())


def test_without_verified_rows_nothing_is_said_of_them(crawl: Path) -> None:
    told = json.loads(curate("inspect", crawl / "plain.parquet", "--json").stdout)
    assert told["summary"]["verified"] is None
    assert "wrong labels" not in curate("inspect", crawl / "plain.parquet").stdout


def test_a_part_of_the_rows_has_another_share(crawl: Path, tmp_path: Path) -> None:
    weigh(crawl, "whole.parquet", "--verified", answers(crawl, tmp_path, "random"))
    origin = read_origin(crawl / "whole.parquet")
    assert origin is not None
    part = pl.read_parquet(crawl / "whole.parquet").head(300)
    part.write_parquet(crawl / "part.parquet", metadata={
        "curate": json.dumps(origin.facts(crawl / "part.parquet"), default=str)
    })  # fmt: skip
    told = json.loads(curate("inspect", crawl / "part.parquet", "--json").stdout)
    assert told["summary"]["verified"] is None


def test_answers_that_contradict_those_to_copies_stay_in_the_random_sample(
    crawl: Path, tmp_path: Path
) -> None:
    rows, x = pl.read_parquet(crawl / "truth.parquet"), np.load(crawl / "features.npy")
    copies = rows[1:41].with_columns(key=pl.col("key") + "c")
    everything = pl.concat([rows, copies])
    np.save(tmp_path / "features.npy", np.concatenate([x, x[1:41]]))
    everything.drop("true").write_parquet(tmp_path / "crawl.parquet")
    chosen = np.r_[1:11, ROWS : ROWS + 10, 60:160]
    answered = everything[chosen].with_row_index("at")
    other = pl.when(pl.col("at") < 10).then(pl.lit("ant")).when(pl.col("at") < 20)
    label = other.then(pl.lit("bee")).otherwise("true")
    table = answered.select("key", label=label, given="label", strategy=pl.lit("random"))
    table.drop("given").write_parquet(tmp_path / "v.parquet")
    said = weigh(tmp_path, "out.parquet", "--verified", tmp_path / "v.parquet")
    judged = table.filter(pl.Series(~np.isnan(x[chosen % ROWS + chosen // ROWS, 0])))
    wrong = (judged["label"] != judged["given"]).sum()
    assert f"by {len(judged)} rows verified at random: {wrong} wrong" in said
    assert "20 counted as answered, against the answer to a copy" in said
    nothing = table.drop("given")[:20]
    nothing.write_parquet(tmp_path / "v.parquet")
    words = refused(tmp_path, tmp_path / "v.parquet")
    assert "every row that it names has a copy with another answer" in words
    none = pl.concat([nothing, table[20:22].select("key", label=None, strategy="strategy")])
    none.write_parquet(tmp_path / "v.parquet")
    assert "show none of the classes" in refused(tmp_path, tmp_path / "v.parquet")


def refused(folder: Path, table: Path) -> str:
    features = ("--embeddings", folder / "features.npy", "--graph", "none")
    done = curate("weight", folder / "crawl.parquet", *features, "--overwrite",
                  "--verified", table)  # fmt: skip
    assert done.exit_code == 2
    return " ".join(done.output.split())
