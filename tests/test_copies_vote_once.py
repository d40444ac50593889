"""A picture has one vote for each of its labels, however many copies of it a crawl has."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from .crawls import curate

SAID = ("label_quality", "suggested_label", "suggested_quality", "is_label_issue", "issue_kind")
ROWS, CLASSES, D = 600, 5, 48
SCORES = ("weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
          "issue_kind", "distance", "consistency")  # fmt: skip


def drawn(lists: bool = False) -> tuple[pl.DataFrame, np.ndarray]:
    """Draw rows, a quarter of them with a wrong label, and their features; wrong ones first."""
    rng = np.random.default_rng(2)
    true = rng.integers(0, CLASSES, ROWS)
    x = 1.5 * np.eye(CLASSES, D)[true] + rng.normal(size=(ROWS, D)) / 3
    given = np.where(np.arange(ROWS) < ROWS // 4, (true + 1) % CLASSES, true)
    labels: list[object] = [f"c{label}" for label in given]
    if lists:
        more = np.where(rng.random(ROWS) < 0.3, (given + 2) % CLASSES, given)
        labels = [sorted({f"c{a}", f"c{b}"}) for a, b in zip(given, more, strict=True)]
        x += 0.7 * np.eye(CLASSES, D)[more]
    keys = [f"k{row:03d}" for row in range(ROWS)]
    return pl.DataFrame({"key": keys, "label": labels}), x.astype(np.float32)


def copied(rows: pl.DataFrame, x: np.ndarray) -> tuple[pl.DataFrame, np.ndarray]:
    """Add 2 to 20 copies of each of 20 rows with wrong labels, with the same labels."""
    source = np.repeat(np.arange(20), np.arange(20) % 19 + 2)
    key = pl.col("key") + "-" + pl.int_range(pl.len()).cast(pl.String)
    near = x[source] * (1 + 1e-4 * np.random.default_rng(5).normal(size=(len(source), 1)))
    return pl.concat([rows, rows[source].with_columns(key=key)]), np.concatenate([x, near])


def weigh(folder: Path, rows: pl.DataFrame, x: np.ndarray, *options: object) -> pl.DataFrame:
    folder.mkdir(exist_ok=True)
    rows.write_parquet(folder / "crawl.parquet")
    np.save(folder / "x.npy", x.astype(np.float16))
    done = curate(
        "weight", folder / "crawl.parquet", "--embeddings", folder / "x.npy", "--graph", "none",
        "--overwrite", "--out", folder / "out.parquet", *options,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return pl.read_parquet(folder / "out.parquet")


def test_rows_have_the_scores_that_they_have_without_their_copies(tmp_path: Path) -> None:
    rows, x = drawn()
    alone = weigh(tmp_path / "alone", rows, x)
    found = weigh(tmp_path / "copied", *copied(rows, x))
    assert found["duplicate_of"].count() == len(found) - ROWS
    assert_frame_equal(found[:ROWS].select(SCORES), alone.select(SCORES), rel_tol=1e-4)
    first = found.join(found[ROWS:], left_on="key", right_on="duplicate_of").select("label_quality")
    assert_frame_equal(found[ROWS:].select("label_quality"), first, abs_tol=0.02)


def test_without_looking_for_them_copies_vouch_for_each_other(tmp_path: Path) -> None:
    rows, x = drawn()
    found = weigh(tmp_path, *copied(rows, x))["label_quality"][:20]
    vouched = weigh(tmp_path, *copied(rows, x), "--no-duplicates")["label_quality"][:20]
    assert vouched.mean() > found.mean()


@pytest.mark.parametrize("options", [(), ("--prototypes", "constant"), ("--rounds", 2)])
def test_so_have_images_with_lists_of_labels(tmp_path: Path, options: tuple[object, ...]) -> None:
    rows, x = drawn(lists=True)
    alone = weigh(tmp_path / "alone", rows, x, *options)
    found = weigh(tmp_path / "copied", *copied(rows, x), *options)
    assert found["duplicate_of"].count() == len(found) - ROWS
    assert_frame_equal(found[:ROWS].select(SCORES), alone.select(SCORES), rel_tol=1e-4)


def test_copies_with_other_lists_vote_once_for_each_label(tmp_path: Path) -> None:
    rows, x = drawn(lists=True)
    labels = rows["label"].to_list()
    more = [[["c0", "c1"], ["c3"]][row % 2] for row in range(20)]
    joined = [sorted({*a, *b}) for a, b in zip(labels[:20], more, strict=True)]
    few = np.array([len(both) <= 2 for both in joined])
    key = pl.col("key") + "-other"
    other = rows[:20].with_columns(key=key, label=pl.Series(more)).filter(few)
    found = weigh(tmp_path / "two", pl.concat([rows, other]), np.concatenate([x, x[:20][few]]))
    assert found["duplicate_of"].count() == few.sum() > 5
    said = " ".join(curate("inspect", tmp_path / "two/out.parquet").stdout.split())
    assert "groups with different labels: " in said
    assert "at most one" not in said
    both = [a if one else b for a, b, one in zip(joined, labels, few, strict=False)] + labels[20:]
    alone = weigh(tmp_path / "joined", rows.with_columns(label=pl.Series(both)), x)
    rest = slice(20, ROWS - 20)
    assert_frame_equal(
        found[rest].select(SCORES), alone[rest].select(SCORES), rel_tol=1e-3, abs_tol=1e-4
    )


def test_copies_with_other_labels_are_evidence_against_each_other(tmp_path: Path) -> None:
    rows, x = drawn()
    other = rows[300:310].with_columns(key=pl.col("key") + "-other", label=pl.lit("c0"))
    other = other.filter(rows[300:310]["label"] != "c0")
    at = rows.with_row_index("at").filter(pl.col("key").is_in(other["key"].str.head(4).implode()))
    both = pl.concat([rows, other]), np.concatenate([x, x[at["at"].to_numpy()]])
    found = weigh(tmp_path, *both)
    before = weigh(tmp_path, *both, "--no-duplicates")
    changed = found["duplicates"] == 2
    assert changed.sum() == 2 * len(other)
    others = found.filter(~changed)["label_quality"], before.filter(~changed)["label_quality"]
    assert_series_equal(*others, abs_tol=0.06)
    unchanged = ["weight", "distance", "consistency"]
    assert_frame_equal(found.select(unchanged), before.select(unchanged))
    copies = found.filter(changed).with_columns(of=pl.coalesce("duplicate_of", "key"))
    apart = before.filter(changed)["label_quality"]
    together = copies.with_columns(apart=apart).group_by("of").agg("label_quality", "apart")
    assert (together["apart"].list.sum() > 1).all()
    assert (together["label_quality"].list.sum() <= 1).all()
    for _, two in copies.group_by("of"):
        right, wrong = two.sort("label_quality", descending=True).iter_rows(named=True)
        assert wrong["is_label_issue"]
        assert wrong["issue_kind"] == "relabel"
        assert wrong["suggested_label"] == right["label"] != wrong["label"]
        assert wrong["suggested_quality"] == pytest.approx(right["label_quality"], abs=0.05)


def test_one_picture_has_one_verdict(tmp_path: Path) -> None:
    rows, x = drawn()
    source = np.arange(0, ROWS, 4)
    key = rows[source]["key"]
    labels = [f"c{(int(label[1:]) + 1 + at % 3) % CLASSES}" for at, label in
              enumerate(rows[source]["label"])]  # fmt: skip
    more = pl.concat(
        [
            pl.DataFrame({"key": key + "-other", "label": labels}),
            rows[source].with_columns(key=key + "-same"),
            rows[source].with_columns(key=key + "-bare", label=pl.lit(None, pl.String)),
        ]
    )
    near = np.tile(x[source], (3, 1)) * (1 + 1e-4 * np.random.default_rng(7).normal(size=(450, 1)))
    found = weigh(tmp_path, pl.concat([rows, more]), np.concatenate([x, near]))
    found = found.filter(pl.col("duplicates") == 4)
    assert len(found) == 600
    for _, picture in found.group_by(pl.coalesce("duplicate_of", "key")):
        suggested = picture["suggested_label"].unique()
        assert len(suggested) == picture["suggested_quality"].n_unique() == 1
        assert picture.filter(pl.col("label").is_not_null()).select(SAID).n_unique() <= 2
        kinds = {
            "none" if own is None else "own" if own == suggested[0] else "other": kind
            for own, kind in picture.select("label", "issue_kind").iter_rows()
        }
        assert kinds["none"] is None
        if "own" in kinds and picture["suggested_quality"][0] >= 0.5:
            assert (kinds["own"], kinds["other"]) == (None, "relabel")
        elif "own" in kinds:
            assert kinds["own"] == kinds["other"] == "outlier"
        else:
            assert kinds["other"] in ("outlier", "relabel")
    true = pl.Series([f"c{label}" for label in np.random.default_rng(2).integers(0, CLASSES, ROWS)])
    alone = found.filter(pl.col("duplicate_of").is_null())
    assert (alone["suggested_label"] == true.gather(source)).mean() > 0.9


def test_copies_with_other_labels_hardly_move_the_share_of_wrong_labels(tmp_path: Path) -> None:
    rows, x = drawn()
    weigh(tmp_path, rows, x)
    alone = told(tmp_path)[1]
    label = (pl.col("label").str.tail(1).cast(pl.Int64) + 1) % CLASSES
    other = rows[::2].with_columns(key=pl.col("key") + "-other", label="c" + label.cast(str))
    near = x[::2] * (1 + 3e-3 * np.random.default_rng(3).normal(size=(len(other), D)))
    weigh(tmp_path, pl.concat([rows, other]), np.concatenate([x, near]))
    low, share, high = told(tmp_path)
    assert low <= (150 + len(other)) / 900 <= high
    assert share == pytest.approx((600 * alone + len(other)) / 900, abs=0.05)


def placeholders(rows: int, all_over: bool) -> tuple[pl.DataFrame, np.ndarray]:
    """Draw rows without wrong labels, and one picture that ``rows`` more show, of any label."""
    drawn_rows, x = drawn()
    labels = [f"c{row % CLASSES if all_over else 1}" for row in range(rows)]
    more = pl.DataFrame({"key": [f"p{row}" for row in range(rows)], "label": labels})
    plain = np.ones((1, D)) if all_over else x[ROWS // 4 + 1 :][:1]
    right = pl.concat([drawn_rows[ROWS // 4 :], more])
    return right, np.concatenate([x[ROWS // 4 :], np.repeat(plain, rows, axis=0)])


def told(folder: Path) -> tuple[float, float, float]:
    summary = json.loads(curate("inspect", folder / "out.parquet", "--json").stdout)["summary"]
    low, high = summary["range_of_wrong"]
    return low, summary["noise"], high


def test_a_picture_with_all_labels_is_flagged_and_counted(tmp_path: Path) -> None:
    found = weigh(tmp_path, *placeholders(200, all_over=True))
    shown = found.filter(pl.col("key").str.starts_with("p"))
    assert shown["is_label_issue"].sum() >= 160
    assert shown["suggested_label"].n_unique() == 1
    low, share, high = told(tmp_path)
    assert low >= 160 / 650 - 1e-4
    assert low <= share < high
    assert share == pytest.approx(200 / 650, abs=0.08)
    found = weigh(tmp_path, *placeholders(0, all_over=True), "--no-duplicates")
    assert told(tmp_path)[0] == 0


def test_what_verified_rows_say_of_copies_bounds_the_share(tmp_path: Path) -> None:
    rows, x = drawn()
    rows = pl.concat([rows, rows[[0] * 100].with_columns(key="p" + pl.int_range(100).cast(str))])
    x = np.concatenate([x, np.repeat(x[:1], 100, axis=0)])
    table = pl.concat([rows[:1].with_columns(label=pl.lit("c4")), rows[300:320]])
    assert rows["label"][0] != "c4"
    table.with_columns(strategy=pl.lit("random")).write_parquet(tmp_path / "v.parquet")
    weigh(tmp_path, rows, x, "--verified", tmp_path / "v.parquet")
    summary = json.loads(curate("inspect", tmp_path / "out.parquet", "--json").stdout)["summary"]
    estimate = summary["verified"]["estimate"]
    assert 101 / 700 - 1e-6 <= estimate["low"] <= estimate["share"] <= estimate["high"]
    assert summary["range_of_wrong"][0] >= 101 / 700 - 1e-6


def test_copies_of_verified_rows_count_as_verified(tmp_path: Path) -> None:
    rows, x = drawn()
    answers = rows[100:400].with_columns(label=pl.lit("c1"))
    against = rows[ROWS - 1 :].with_columns(key=pl.lit("against"))
    pl.concat([rows[:30], answers, rows[ROWS - 1 :], against.with_columns(label=pl.lit("c0"))]
              ).write_parquet(tmp_path / "v.parquet")  # fmt: skip
    assert rows["label"][ROWS - 1] != "c0"
    more, wider = copied(rows, x)
    more, wider = pl.concat([more, against]), np.concatenate([wider, x[-1:]])
    options = ("--verified", tmp_path / "v.parquet")
    found = weigh(tmp_path / "copied", more, wider, *options)
    done = curate(
        "weight", tmp_path / "copied/crawl.parquet", "--embeddings", tmp_path / "copied/x.npy",
        "--graph", "none", "--overwrite", *options,
    )  # fmt: skip
    said = " ".join(done.output.split())
    assert f"copies of verified rows, which take their labels: {len(more) - ROWS - 1:,}" in said
    assert "copies have another answer, such as 'k599', 'against', are left out: 2." in said
    pl.concat([rows[:30], answers]).write_parquet(tmp_path / "v.parquet")
    alone = weigh(tmp_path / "alone", rows, x, *options)
    assert_frame_equal(found[: ROWS - 1].select(SCORES), alone[: ROWS - 1].select(SCORES),
                       rel_tol=1e-4)  # fmt: skip


def test_a_run_that_was_killed_goes_on_to_the_same_scores(
    tmp_path: Path, killed_at_write: Callable[[int, bool], AbstractContextManager[None]]
) -> None:
    rows, x = copied(*drawn())
    other = rows[:40].with_columns(key=pl.col("key") + "-other", label=pl.lit("c0"))
    rows, x = pl.concat([rows, other]), np.concatenate([x, x[:40]])
    rows[100:200].write_parquet(tmp_path / "v.parquet")
    options = ("--verified", tmp_path / "v.parquet", "--run-dir")
    whole = weigh(tmp_path, rows, x, *options, tmp_path / "whole")
    steps = ("duplicates", "labels", "scores")
    assert all(any((tmp_path / "whole" / step).iterdir()) for step in steps)
    for fatal in range(4, 18, 2):
        run = tmp_path / f"run{fatal}"
        with killed_at_write(fatal, False):
            curate(
                "weight", tmp_path / "crawl.parquet", "--embeddings", tmp_path / "x.npy",
                "--graph", "none", "--overwrite", "--out", tmp_path / "out.parquet", "--debug",
                *options, run,
            )  # fmt: skip
        assert weigh(tmp_path, rows, x, *options, run).equals(whole)
