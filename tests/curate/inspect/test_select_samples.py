"""Choosing samples, held against the same said plainly of the whole table."""

import polars as pl
import pytest

from curate.errors import CurateError
from curate.inspect.select_samples import Selection, find_key, of_label, select
from curate.weighted.weighted import Weighted


def rows_of(weighted: Weighted, **wanted: object) -> list[int]:
    return select(weighted, Selection(**wanted)).samples["row"].to_list()


@pytest.mark.parametrize(
    ("sort", "by"), [("quality", "label_quality"), ("weight", "weight"), ("distance", "distance")]
)
def test_the_worst_come_first_and_what_has_no_score_not_at_all(
    weighted: Weighted, sort: str, by: str
) -> None:
    every = weighted.scan().collect().drop_nulls("label_quality")
    falling = sort == "distance"
    order = every.sort(by, "label_quality", "row", descending=[falling, False, False])
    assert rows_of(weighted, sort=sort, limit=7) == order["row"].head(7).to_list()
    found = select(weighted, Selection(sort=sort, limit=500))
    assert found.found == len(found.samples) == len(every) == 88


def test_random_is_the_same_every_time_and_no_other_order(weighted: Weighted) -> None:
    drawn = rows_of(weighted, sort="random", limit=500)
    assert drawn == rows_of(weighted, sort="random", limit=500)
    assert drawn != sorted(drawn)
    assert sorted(drawn) == sorted(rows_of(weighted, limit=500))


def test_filters_leave_only_what_is_asked_for(weighted: Weighted) -> None:
    table = weighted.scan().collect()
    given, suggested = table.filter("is_label_issue").select("label", "suggested_label").row(0)
    pair = table.filter(label=given, suggested_label=suggested)
    assert (
        sorted(rows_of(weighted, label=given, suggested=suggested, limit=99))
        == pair["row"].to_list()
    )
    kind = table.filter(issue_kind="relabel")
    assert len(kind) > 3
    assert sorted(rows_of(weighted, kind="relabel", limit=99)) == kind["row"].to_list()
    failed = table.filter(pl.col("status") != "ok")
    assert rows_of(weighted, status=failed["status"][0]) == failed["row"].to_list()


def test_of_a_list_each_image_comes_once_with_its_worst_label(lists: Weighted) -> None:
    exploded = lists.scan().select("row", "label", "label_quality").collect()
    exploded = exploded.explode("label", "label_quality").drop_nulls()
    worst = exploded.sort("label_quality", "row").unique("row", maintain_order=True)
    found = select(lists, Selection(limit=500))
    assert found.samples["row"].to_list() == worst["row"].to_list()
    assert found.samples["label"].to_list() == worst["label"].to_list()
    assert found.samples["label_quality"].to_list() == worst["label_quality"].to_list()
    red = select(lists, Selection(label="red", limit=500)).samples
    assert set(red["label"]) == {"red"}
    assert set(red["row"]) == set(exploded.filter(label="red")["row"])


def test_of_a_list_what_is_said_of_one_label_is_read(lists: Weighted) -> None:
    rows = of_label(lists, [10, 0], "red")
    assert rows["row"].to_list() == [10, 0]
    assert rows["label"].to_list() == ["red", "red"]
    assert rows["label_quality"].dtype == pl.Float32


def test_what_cannot_be_is_said(weighted: Weighted) -> None:
    for option, wrong in (("sort", "beauty"), ("kind", "bad"), ("status", "fine")):
        with pytest.raises(CurateError, match=f"--{option} {wrong}: it must be one of"):
            Selection(**{option: wrong})
    with pytest.raises(CurateError, match="no label is 'rd': did you mean 'red'"):
        select(weighted, Selection(label="rd"))
    with pytest.raises(
        CurateError, match="has no row with --status 'timeout'; leave one of these options out"
    ):
        select(weighted, Selection(status="timeout"))
    with pytest.raises(CurateError, match="no row with the key 'k'; keys are in column 'key'"):
        find_key(weighted, "k")
    assert find_key(weighted, "k07") == 7
