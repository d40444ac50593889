"""Which rows, labels and weights leave, against a plain reference row by row."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.exports.select_rows import select_rows
from curate.options.columns import ColumnOptions
from curate.options.export import SelectOptions
from curate.options.weighted import WeightedOptions
from curate.store.folders import Folders
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

ROWS = 150
Row = dict[str, Any]


def labels_of(row: Row) -> list[Row]:
    """Take a row with lists apart."""
    names = ("label", "weight", "label_quality", "is_label_issue", "issue_kind")
    return [
        dict(zip(names, values, strict=True))
        for values in zip(*(row[name] for name in names), strict=True)
    ]


def single() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    kinds = rng.choice(["relabel", "outlier", ""], ROWS, p=[0.3, 0.2, 0.5])
    refined = rng.choice(["a", "b", None], ROWS)
    return pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": rng.choice(["a", "b", "c"], ROWS),
            "weight": np.where(rng.random(ROWS) < 0.2, 0, rng.random(ROWS)).astype(np.float32),
            "label_quality": rng.random(ROWS).astype(np.float32),
            "suggested_label": rng.choice(["a", "b", "c"], ROWS),
            "suggested_quality": rng.random(ROWS).astype(np.float32),
            "is_label_issue": kinds != "",
            "issue_kind": [kind or None for kind in kinds],
            "status": ["ok"] * (ROWS - 5) + ["missing"] * 5,
            "refined_label": pl.Series(refined, dtype=pl.String),
            "refined_probability": rng.random(ROWS).astype(np.float32),
            "refined_weight": rng.random(ROWS).astype(np.float32),
            "soft_labels": [["a", "b"]] * ROWS,
            "soft_probabilities": [[0.7, 0.3]] * ROWS,
        }
    )


def lists() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 4, ROWS)

    def drawn(make: Any) -> list[list[Any]]:
        return [list(make(n)) for n in counts]

    labels = drawn(lambda n: rng.permutation(["a", "b", "c", "", None])[:n])
    return pl.DataFrame(
        {
            "key": [f"k{row}" for row in range(ROWS)],
            "label": labels,
            "weight": [[rng.random() if each else 0.0 for each in row] for row in labels],
            "label_quality": [[rng.random() if each else None for each in row] for row in labels],
            "suggested_label": [["d"] if row % 3 == 0 else [] for row in range(ROWS)],
            "suggested_quality": [[0.6] if row % 3 == 0 else [] for row in range(ROWS)],
            "is_label_issue": [[rng.random() < 0.4 if e else None for e in row] for row in labels],
            "issue_kind": [[None for _ in row] for row in labels],
            "distance": [[1.0 for _ in row] for row in labels],
            "consistency": [[1.0 for _ in row] for row in labels],
            "status": ["ok"] * ROWS,
        },
        schema_overrides={
            name: pl.List(pl.Float32)
            for name in ("weight", "label_quality", "suggested_quality", "distance", "consistency")
        }
        | {name: pl.List(pl.String) for name in ("label", "suggested_label", "issue_kind")},
    )


def opened(rows: pl.DataFrame, folder: Path) -> Weighted:
    rows.write_parquet(folder / "w.parquet")
    options = WeightedOptions(folder / "w.parquet", ColumnOptions(label="label"))
    return open_weighted(options, Folders(folder / "frozen"))


def chosen(rows: pl.DataFrame, folder: Path, **options: Any) -> dict[str, tuple[Any, Any, Any]]:
    found = select_rows(opened(rows, folder), SelectOptions(**options)).collect()
    columns = found.select("key", "label", "weight", "label_quality")
    return {key: tuple(values) for key, *values in columns.iter_rows()}


def expected(row: Row, labels: str, mean: float) -> tuple[Any, float, float | None, bool]:
    """Give label, weight, quality, and whether it is doubted."""
    if labels == "suggested" and row["issue_kind"] == "relabel":
        quality = row["suggested_quality"]
        return row["suggested_label"], quality * mean, quality, False
    if labels == "refined":
        probability = row["refined_probability"]
        return row["refined_label"], row["refined_weight"], probability, probability < 0.5
    weight = float(row["status"] == "ok") if labels == "soft" else row["weight"]
    return row["label"], weight, row["label_quality"], row["is_label_issue"]


@pytest.mark.parametrize("labels", ["given", "suggested", "refined", "soft"])
@pytest.mark.parametrize("keep", ["all", "weighted", "clean"])
@pytest.mark.parametrize("least", [None, 0.4])
def test_single_labels(tmp_path: Path, labels: str, keep: str, least: float | None) -> None:
    table = single()
    rows = list(table.iter_rows(named=True))
    mean = float(np.mean([row["weight"] for row in rows if not row["is_label_issue"]]))
    wanted = {}
    for row in rows:
        label, weight, quality, doubted = expected(row, labels, mean)
        if keep != "all" and (weight == 0 or label is None):
            continue
        if (keep == "clean" and doubted) or (least is not None and quality < least):
            continue
        wanted[row["key"]] = label, pytest.approx(weight, rel=1e-5), quality
    found = chosen(table, tmp_path, labels=labels, keep=keep, min_quality=least)
    assert found == wanted
    assert list(found) == list(wanted)


@pytest.mark.parametrize("labels", ["given", "suggested"])
@pytest.mark.parametrize("keep", ["all", "weighted", "clean"])
@pytest.mark.parametrize("least", [None, 0.4])
def test_lists_are_kept_label_by_label(
    tmp_path: Path, labels: str, keep: str, least: float | None
) -> None:
    table = lists()
    rows = list(table.iter_rows(named=True))
    sure = [e["weight"] for r in rows for e in labels_of(r) if e["is_label_issue"] is False]
    mean = float(np.mean(sure))
    wanted = {}
    for row in rows:
        kept = [each for each in labels_of(row) if each["label"]]
        if keep == "clean" or labels == "suggested":
            kept = [each for each in kept if not each["is_label_issue"]]
        if least is not None:
            kept = [each for each in kept if each["label_quality"] >= least]
        triple = [(e["label"], e["weight"], e["label_quality"]) for e in kept]
        if labels == "suggested":
            pairs = zip(row["suggested_label"], row["suggested_quality"], strict=True)
            triple += [(label, mean * quality, quality) for label, quality in pairs]
        if keep == "all" or any(weight > 0 for _, weight, _ in triple):
            columns = [list(column) for column in zip(*triple, strict=True)] or [[], [], []]
            wanted[row["key"]] = columns[0], pytest.approx(columns[1], rel=1e-5), columns[2]
    assert chosen(table, tmp_path, labels=labels, keep=keep, min_quality=least) == wanted


@pytest.mark.parametrize("make", [single, lists])
@pytest.mark.parametrize("how", ["mean", "class"])
def test_normalized_weights_have_the_mean_1(tmp_path: Path, make: Any, how: str) -> None:
    table = make()
    raw = chosen(table, tmp_path)
    weights = defaultdict(list)
    for key, (label, weight, _) in chosen(table, tmp_path, normalize=how).items():
        several = isinstance(label, list)
        for each, heft, before in zip(
            *((label, weight, raw[key][1]) if several else ([label], [weight], [raw[key][1]])),
            strict=True,
        ):
            weights[each if how == "class" else None].append((heft, before))
    for pairs in weights.values():
        after, before = np.array(pairs).T
        assert after.mean() == pytest.approx(1, rel=1e-5)
        np.testing.assert_allclose(after, before / before.mean(), rtol=1e-5)


def test_a_class_that_weighs_nothing_stays_so(tmp_path: Path) -> None:
    table = single().with_columns(pl.when(pl.col("label") == "a").then(0).otherwise("weight")
                                  .cast(pl.Float32).alias("weight"))  # fmt: skip
    for how in ("mean", "class"):
        found = chosen(table, tmp_path, normalize=how, keep="all")
        assert {weight for label, weight, _ in found.values() if label == "a"} == {0.0}
    nothing = table.with_columns(pl.lit(0).cast(pl.Float32).alias("weight"))
    found = chosen(nothing, tmp_path, normalize="mean", keep="all")
    assert {weight for _, weight, _ in found.values()} == {0.0}


def test_a_split_asks_the_key_alone(tmp_path: Path) -> None:
    table = single()
    parts: dict[str, str] = {}
    for labels, keep in (("given", "all"), ("suggested", "clean")):
        options = SelectOptions(split="1/1/1/1", labels=labels, keep=keep)
        rows = select_rows(opened(table, tmp_path), options).collect()
        for key, part in rows.select("key", "split").iter_rows():
            assert parts.setdefault(key, part) == part
    assert set(parts.values()) == {"part1", "part2", "part3", "part4"}


@pytest.mark.parametrize("labels", ["refined", "soft"])
def test_what_is_not_there_is_said(tmp_path: Path, labels: str) -> None:
    with pytest.raises(CurateError, match=f"--labels {labels}: .* has no column '{labels}_label"):
        chosen(lists(), tmp_path, labels=labels)


def with_copies(table: pl.DataFrame) -> pl.DataFrame:
    """Say that rows 10 to 19 are copies of row 3, and 31 of 30."""
    row = pl.int_range(pl.len())
    of = pl.when(row.is_between(10, 19)).then(pl.lit("k3")).when(row == 31).then(pl.lit("k30"))
    sizes = pl.when(row.is_between(10, 19) | (row == 3)).then(11).when(row.is_in([30, 31])).then(2)
    return table.with_columns(duplicate_of=of, duplicates=sizes.otherwise(1).cast(pl.Int32))


def picture_of(key: str) -> str:
    row = int(key[1:])
    return "k3" if 10 <= row <= 19 else "k30" if row == 31 else key


@pytest.mark.parametrize("make", [single, lists])
@pytest.mark.parametrize("keep", ["all", "weighted", "clean"])
def test_of_copies_the_first_is_kept_or_their_weights_are_shared(
    tmp_path: Path, make: Any, keep: str
) -> None:
    table = with_copies(make())
    every = chosen(table, tmp_path, keep=keep)
    groups = defaultdict(list)
    for key in every:
        groups[picture_of(key)].append(key)
    first = chosen(table, tmp_path, keep=keep, duplicates="first")
    assert first == {keys[0]: every[keys[0]] for keys in groups.values()}
    weighed = chosen(table, tmp_path, keep=keep, duplicates="weigh")
    assert list(weighed) == list(every)
    for keys in groups.values():
        for key in keys:
            before, after = (np.array(found[key][1], np.float32) for found in (every, weighed))
            np.testing.assert_allclose(after, before / len(keys), rtol=1e-6)


def test_a_split_keeps_copies_together_and_moves_no_other_row(tmp_path: Path) -> None:
    options = SelectOptions(split="1/1/1/1", keep="all")
    plain = select_rows(opened(single(), tmp_path), options).collect()
    found = select_rows(opened(with_copies(single()), tmp_path), options).collect()
    part = dict(plain.select("key", "split").iter_rows())
    assert dict(found.select("key", "split").iter_rows()) == {
        key: part[picture_of(key)] for key in part
    }
    assert len({part[f"k{row}"] for row in range(10, 20)}) > 1


def test_copies_that_nobody_looked_for_are_said(tmp_path: Path) -> None:
    with pytest.raises(
        CurateError, match=r"--duplicates first: .* does not say which rows are cop"
    ):
        chosen(single(), tmp_path, duplicates="first")
