from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.verify.queue import STRATEGIES, QueueOptions, count_doubts, make_queue
from curate.weighted.weighted import Weighted
from prototypes.score.verified_share import doubt_bins

Write = Callable[..., Path]
Opened = Callable[[Path], Weighted]


def asked(weighted: Weighted, strategy: str, limit: int = 200, **options: object) -> list[int]:
    return make_queue(weighted, QueueOptions(strategy, limit, **options))["row"].to_list()


def test_suspect_asks_the_lowest_quality_first(write_weighted: Write, opened: Opened) -> None:
    qualities = [0.9, 0.1, None, 0.5, 0.1, float("nan")]
    weighted = opened(write_weighted(6, label_quality=qualities))
    assert asked(weighted, "suspect") == [1, 4, 3, 0]
    assert asked(weighted, "suspect", limit=2) == [1, 4]
    assert asked(weighted, "suspect", label="ant") == [4, 0]


def test_boundary_asks_where_flagged_and_other_labels_meet(
    write_weighted: Write, opened: Opened
) -> None:
    weighted = opened(write_weighted(40))
    assert set(asked(weighted, "boundary", 4)) <= set(range(7, 13))
    nothing_flagged = opened(write_weighted(40, is_label_issue=[False] * 40))
    assert asked(nothing_flagged, "boundary", 1) == [0]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_seed_is_a_queue_and_a_limit_its_beginning(
    write_weighted: Write, opened: Opened, strategy: str
) -> None:
    weighted = opened(write_weighted(300))
    queue = asked(weighted, strategy, 120, seed=3)
    assert len(set(queue)) == 120
    assert asked(weighted, strategy, 120, seed=3) == queue
    assert asked(weighted, strategy, 50, seed=3) == queue[:50]
    assert asked(weighted, strategy, 10_000, seed=3)[:120] == queue
    assert len(asked(weighted, strategy, 10_000)) == 300
    if strategy in ("balanced", "random"):
        assert asked(weighted, strategy, 120, seed=4) != queue


def test_balanced_asks_every_class_and_every_quarter_of_its_qualities(
    write_weighted: Write, opened: Opened
) -> None:
    labels = ["ant"] * 240 + ["bee"] * 40 + ["cat"] * 20
    weighted = opened(write_weighted(300, label=labels))
    assert {labels[row] for row in asked(weighted, "balanced", 3)} == {"ant", "bee", "cat"}
    queue = asked(weighted, "balanced", 48)
    assert Counter(labels[row] for row in queue) == {"ant": 16, "bee": 16, "cat": 16}
    quarters = Counter((labels[row], _quarter(labels, row)) for row in queue)
    assert len(quarters) == 12
    assert set(quarters.values()) <= {3, 4, 5}  # a row at a cut may count here or there
    rest = asked(weighted, "balanced", 100)
    assert Counter(labels[row] for row in rest) == {"ant": 40, "bee": 40, "cat": 20}


def test_balanced_asks_every_class_where_quarters_come_from_a_sample(
    write_weighted: Write, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curate.verify.queue.MOST_RANKED", 30)
    labels = ["ant"] * 240 + ["bee"] * 58 + ["cat"] * 2
    queue = asked(opened(write_weighted(300, label=labels)), "balanced", 60)
    assert Counter(labels[row] for row in queue) == {"ant": 29, "bee": 29, "cat": 2}


def _quarter(labels: list[str], row: int) -> int:
    same = [other for other, label in enumerate(labels) if label == labels[row]]
    return 4 * same.index(row) // len(same)


def test_random_asks_every_row_as_often(write_weighted: Write, opened: Opened) -> None:
    rows, limit, seeds = 40, 10, 150
    weighted = opened(write_weighted(rows, label_quality=[None, *[0.5] * (rows - 1)]))
    queues = [asked(weighted, "random", limit, seed=seed) for seed in range(seeds)]
    wrong = set(range(1, 14))
    for part, share in ((limit, limit / (rows - 1)), (3, 3 / (rows - 1))):
        counts = Counter(row for queue in queues for row in queue[:part])
        assert 0 not in counts
        mean, deviation = seeds * share, (seeds * share * (1 - share)) ** 0.5
        assert all(abs(counts[row] - mean) < 5 * deviation for row in range(1, rows))
        estimates = [len(wrong & set(queue[:part])) / part for queue in queues]
        truth = len(wrong) / (rows - 1)
        error = (truth * (1 - truth) / part / seeds) ** 0.5
        assert abs(sum(estimates) / seeds - truth) < 4 * error


def test_the_worst_of_several_labels_counts(write_weighted: Write, opened: Opened) -> None:
    columns = {
        "label": [["ant", "bee"], ["cat"], [], ["bee", None, "dog"]],
        "label_quality": [[0.9, 0.3], [0.2], [], [0.1, None, 0.8]],
        "suggested_label": [["cat"], [], [], None],
        "suggested_quality": [[0.5], [], [], None],
        "is_label_issue": [[False, True], [True], [], [True, None, False]],
    }
    weighted = opened(write_weighted(4, **columns))
    assert asked(weighted, "suspect") == [3, 1, 0]
    assert asked(weighted, "suspect", label="bee") == [3, 0]
    assert sorted(asked(weighted, "random")) == sorted(asked(weighted, "balanced")) == [0, 1, 3]
    assert sorted(asked(weighted, "boundary")) == [0, 1, 3]
    queue = make_queue(weighted, QueueOptions("suspect"))
    assert queue["label"].dtype == pl.List(pl.String)


def test_what_cannot_be_asked_is_said(write_weighted: Write, opened: Opened) -> None:
    weighted = opened(write_weighted(4))
    with pytest.raises(CurateError, match="--strategy best is not known; choose one of suspect"):
        asked(weighted, "best")
    with pytest.raises(CurateError, match="no judged row with the label 'cow'; name another class"):
        asked(weighted, "suspect", label="cow")
    path = write_weighted(4)
    pl.read_parquet(path).drop("is_label_issue").write_parquet(path)
    with pytest.raises(CurateError, match="no column 'is_label_issue', which --strategy boundary"):
        asked(opened(path), "boundary")


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_type_of_noise_is_all_that_is_asked(
    write_weighted: Write, opened: Opened, strategy: str
) -> None:
    noise = {"noise_free": [0.6, 0.1] * 20, "noise_random": [0.3, 0.2] * 20,
             "noise_confusing": [0.1, 0.7] * 20}  # fmt: skip
    weighted = opened(write_weighted(40, **noise))
    assert set(asked(weighted, strategy, noise_type="confusing")) == set(range(1, 40, 2))
    with pytest.raises(CurateError, match="no judged row of --noise-type random; leave"):
        asked(weighted, strategy, noise_type="random")
    with pytest.raises(CurateError, match="no column 'noise_free'; run `curate refine --head xiao"):
        asked(opened(write_weighted(40, "bare.parquet")), strategy, noise_type="random")


@pytest.mark.parametrize("options", [{}, {"label": "ant"}, {"noise_type": "confusing"}])
def test_the_doubts_of_all_rows_that_a_queue_is_drawn_from_are_counted(
    write_weighted: Write, opened: Opened, options: dict[str, str]
) -> None:
    qualities = [0.9, 0.1, None, 0.5, 0.1, float("nan"), 0.1, 0.999]
    noise = {"noise_free": [0.6, 0.1] * 4, "noise_random": [0.3, 0.2] * 4,
             "noise_confusing": [0.1, 0.7] * 4}  # fmt: skip
    weighted = opened(write_weighted(8, label_quality=qualities, **noise))
    rows = asked(weighted, "random", **options)
    counts = count_doubts(weighted, QueueOptions("random", **options))
    expected = doubt_bins(np.array([qualities[row] for row in rows]))
    assert np.flatnonzero(counts).tolist() == sorted(set(expected))
    assert counts.sum() == len(rows)


def test_of_a_list_the_label_of_lowest_quality_is_counted(
    write_weighted: Write, opened: Opened
) -> None:
    labels, qualities = [["ant", "bee"], ["bee"], ["ant"]], [[0.9, 0.2], [0.6], [None]]
    columns = {"label": labels, "label_quality": qualities}
    weighted = opened(write_weighted(3, **columns, suggested_label=[["cat"]] * 3))
    for label, expected in ((None, [0.6, 0.2]), ("ant", [0.2])):
        counts = count_doubts(weighted, QueueOptions("random", label=label))
        assert np.flatnonzero(counts).tolist() == doubt_bins(np.array(expected)).tolist()


def test_only_an_unfiltered_queue_is_written_as_it_is_named() -> None:
    assert QueueOptions("random").recorded == "random"
    for some in (QueueOptions("random", label="ant"), QueueOptions("random", noise_type="random")):
        assert some.recorded == "random, of one class or type of noise"
