"""What is gained by class, and which classes keep their given labels."""

from dataclasses import replace

import numpy as np
import pytest

from curate.heads.gains import (
    BETTER,
    THIN,
    UNDECIDED,
    WORSE,
    HeldOut,
    by_frequency,
    by_wrongness,
    by_wrongness_elsewhere,
    class_gains,
    keep_given,
    wrong_shares,
)
from curate.heads.label_sets import label_sets
from curate.heads.task import Task

FOLDS, WIDTH = 5, 4
ONE, SEVERAL = Task(WIDTH), Task(WIDTH, several=True)


def ones(labels: list[int]) -> np.ndarray:
    return np.eye(WIDTH, dtype=np.float32)[labels]


def held_out(given: list[int], refined: list[int], true: list[int]) -> HeldOut:
    return HeldOut(
        ones(given), ones(refined), ones(true), np.arange(len(true)) % FOLDS, ones(given)
    )


def four_classes() -> HeldOut:
    """Draw class 0 mended, 1 spoiled, 2 as it was, and 3 with two rows."""
    given = [0] * 30 + [1] * 30 + [2] * 30 + [3] * 2
    refined = [0] * 18 + [1] * 12 + [1] * 18 + [2] * 12 + [2] * 30 + [3, 0]
    true = [0] * 18 + [1] * 12 + [1] * 30 + [2] * 30 + [3, 3]
    return held_out(given, refined, true)


def random_rows(seed: int) -> HeldOut:
    rng = np.random.default_rng(seed)
    given, true = ((rng.random((200, WIDTH)) < 0.4).astype(np.float32) for _ in range(2))
    p = rng.random((200, WIDTH)).astype(np.float32)
    return HeldOut(given, p, true, rng.integers(0, FOLDS, 200), given)


def test_classes_are_told_better_worse_undecided_and_too_thin() -> None:
    table = class_gains(four_classes(), ONE).table(("a", "b", "c", "d"))
    assert table["class"].to_list() == ["a", "b", "c", "d"]
    assert table["outcome"].to_list() == [BETTER, WORSE, UNDECIDED, THIN]
    assert table["rows"].to_list() == [30, 30, 30, 2]
    assert table["right_before"].to_list() == [0.6, 1, 1, 1]
    assert table["right_after"].to_list() == [1, 0.6, 1, 0.5]
    assert table["mended"].to_list() == [12, 0, 0, 0]
    assert table["spoiled"].to_list() == [0, 12, 0, 1]


def test_six_rows_are_the_fewest_that_can_tell() -> None:
    for rows, worse in ((5, False), (6, True)):
        gains = class_gains(held_out([0] * rows, [1] * rows, [0] * rows), ONE)
        assert gains.worse[0] == worse


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_loop(seed: int) -> None:
    rows = random_rows(seed)
    gains = class_gains(rows, SEVERAL)
    given, refined, true = rows.sets(SEVERAL)
    for k in range(WIDTH):
        concerned = mended = spoiled = 0
        for g, r, t in zip(given[:, k], refined[:, k], true[:, k], strict=True):
            concerned += g or r or t
            mended += g != t and r == t
            spoiled += g == t and r != t
        assert (gains.rows[k], gains.mended[k], gains.spoiled[k]) == (concerned, mended, spoiled)
    np.testing.assert_array_equal(gains.after - gains.before, gains.mended - gains.spoiled)


def test_a_class_that_gets_worse_keeps_its_given_labels() -> None:
    rows = four_classes()
    p, stays = keep_given(ONE, rows.p, rows.given, class_gains(rows, ONE).worse)
    np.testing.assert_array_equal(stays, rows.given[:, 1] > 0)
    np.testing.assert_array_equal(p[stays], rows.given[stays])
    np.testing.assert_array_equal(p[~stays], rows.p[~stays])


@pytest.mark.parametrize("seed", range(3))
def test_no_label_of_a_kept_class_is_added_or_taken_away(seed: int) -> None:
    rows, kept = random_rows(seed), np.array([True, False, True, False])
    p = keep_given(SEVERAL, rows.p, rows.given, kept)[0]
    np.testing.assert_array_equal(label_sets(SEVERAL, p)[:, kept], rows.given[:, kept] > 0)
    np.testing.assert_array_equal(p[:, ~kept], rows.p[:, ~kept])


def test_no_row_decides_about_itself() -> None:
    # All that is spoiled is in fold 0: the other folds show nothing, so fold 0 is not kept.
    spoiled = HeldOut(
        ones([0] * 10), ones([1] * 10), ones([0] * 10), np.zeros(10, np.int64), ones([0] * 10)
    )
    fine = HeldOut(
        ones([0] * 10), ones([0] * 10), ones([0] * 10), np.ones(10, np.int64), ones([0] * 10)
    )
    rows = spoiled + fine
    assert class_gains(rows, ONE).worse[0]
    verdict = rows.guarded(ONE).verdict(ONE)
    assert verdict is not None
    assert (verdict.mended, verdict.spoiled) == (0, 10)
    verdict = four_classes().guarded(ONE).verdict(ONE)
    assert verdict is not None
    assert (verdict.mended, verdict.spoiled) == (12, 1)


def test_nothing_held_out_keeps_nothing() -> None:
    nothing = HeldOut.none(WIDTH)
    assert not class_gains(nothing, ONE).worse.any()
    assert nothing.guarded(ONE).verdict(ONE) is None


def test_groups_of_classes_add_up() -> None:
    rows = four_classes()
    gains = class_gains(rows, ONE)
    sizes = by_frequency(gains, np.array([30, 20, 10, 2]))
    assert sizes["classes"].sum() == 4
    assert sizes["rows"].to_list() == [2, 30, 30, 30]
    assert sizes["mended"].to_list() == [0, 0, 0, 12]
    wrong = by_wrongness(gains, wrong_shares(gains))
    assert wrong["group"].to_list() == ["0 to 20% wrong", "40 to 60% wrong"]
    assert wrong["rows"].sum() == 90  # class 3 is too thin to tell
    assert by_wrongness(gains, np.array([1, 0, np.nan, 0.5]))["rows"].to_list() == [30, 2, 30]


def test_how_wrong_a_class_is_comes_from_other_folds() -> None:
    # In fold 0 every label is wrong; the other folds hold the class to be right, and it is told so.
    wrong = HeldOut(
        ones([0] * 10), ones([1] * 10), ones([1] * 10), np.zeros(10, np.int64), ones([0] * 10)
    )
    right = HeldOut(
        ones([0] * 10), ones([0] * 10), ones([0] * 10), np.ones(10, np.int64), ones([0] * 10)
    )
    groups = by_wrongness_elsewhere(wrong + right, ONE)
    of_wrong = groups.filter(group="0 to 20% wrong")
    assert (of_wrong["rows"].item(), of_wrong["mended"].item()) == (10, 10)
    assert groups.filter(group="80 to 100% wrong")["rows"].item() == 10


def test_labels_that_nobody_was_asked_about_do_not_count() -> None:
    rows, asked = random_rows(0), np.random.default_rng(1).random((200, WIDTH)) < 0.5
    partly = replace(rows, true=np.where(asked, rows.true, np.nan))
    for all_labels, those_asked in zip(rows.sets(SEVERAL), partly.sets(SEVERAL), strict=True):
        np.testing.assert_array_equal(those_asked, all_labels & asked)
    gains, verdict = class_gains(partly, SEVERAL), partly.verdict(SEVERAL)
    given, refined, true = rows.sets(SEVERAL)
    concerned = asked & (given | refined | true)
    np.testing.assert_array_equal(gains.rows, concerned.sum(0))
    np.testing.assert_array_equal(gains.after, (concerned & (refined == true)).sum(0))
    assert verdict is not None
    assert verdict.answers == asked.sum()
    of_rows = rows.verdict(SEVERAL)
    assert of_rows is not None
    assert of_rows.answers is None
