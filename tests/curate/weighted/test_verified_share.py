"""The share that verified rows tell, however these were chosen, and the words for it."""

import json

import numpy as np
import polars as pl
import pytest

from curate.manifest.how_drawn import ASSUMED, BEFORE, OTHER, RANDOM, how_drawn
from curate.weighted.verified_share import VerifiedShare, read_share, verified_share
from prototypes.score.verified_share import BINS, ShareEstimate, doubt_bins

ROWS = 2_000
QUALITY = 1 - (np.arange(ROWS) + 0.5) / ROWS
WRONG = np.random.default_rng(0).random(ROWS) < 0.6 * (1 - QUALITY) ** 2
POPULATION = np.bincount(doubt_bins(QUALITY), minlength=BINS)


def sitting(plan: list[tuple[str, int]], order: np.ndarray) -> pl.DataFrame:
    """Answer as `curate verify` asks: the most suspect, or the next of a random order."""
    answered: dict[int, str] = {}
    for strategy, count in plan:
        queue = order if strategy == RANDOM else np.argsort(QUALITY)
        for row in [row for row in queue.tolist() if row not in answered][:count]:
            answered[row] = strategy
    rows = np.array(list(answered))
    table = pl.DataFrame(
        {
            "label_quality": QUALITY[rows],
            "wrong": WRONG[rows],
            "strategy": list(answered.values()),
        }
    )
    return table.with_columns(drawn=how_drawn(table))


@pytest.mark.parametrize(
    "plan",
    [
        [(RANDOM, 100)],
        [("suspect", 300), (RANDOM, 100)],
        [(RANDOM, 100), ("suspect", 300)],
        [(RANDOM, 80), ("suspect", 300), (RANDOM, 100)],
    ],
    ids=lambda plan: " ".join(f"{strategy} {count}" for strategy, count in plan),
)
def test_answers_that_were_not_drawn_at_random_do_not_bend_the_share(
    plan: list[tuple[str, int]],
) -> None:
    rng, found, held = np.random.default_rng(1), [], []
    for _ in range(300):
        share = verified_share(sitting(plan, rng.permutation(ROWS)), POPULATION, ROWS)
        assert share.estimate is not None
        assert share.estimate.asked == 100
        found.append(share.estimate.share)
        held.append(share.estimate.low <= WRONG.mean() <= share.estimate.high)
    assert np.mean(found) == pytest.approx(WRONG.mean(), abs=0.005)
    assert 0.92 <= np.mean(held) <= 0.98


def table(**rows: int) -> pl.DataFrame:
    drawn = [word for word, count in rows.items() for _ in range(count)]
    some = np.linspace(0, ROWS - 1, len(drawn)).astype(int)
    columns = {"label_quality": QUALITY[some], "wrong": WRONG[some]}
    return pl.DataFrame(columns).with_columns(drawn=pl.Series(drawn, dtype=pl.String))


def test_words_say_which_rows_count() -> None:
    estimate = ShareEstimate(0.174, 0.1408, 0.21, 34, 1_200, powered=True)
    share = VerifiedShare(estimate, assumed=False, before=50, other=1_000, rows=ROWS)
    assert share.number() == "17.4%"
    assert share.basis() == (
        "14.1% to 21.0% (95% interval), by 1,200 rows verified at random: 34 wrong; 50"
        " verified before, counted for what they are; 1,000 chosen in other ways, not counted"
    )
    assumed = VerifiedShare(estimate, assumed=True, before=0, other=0, rows=ROWS)
    assert assumed.basis() == (
        "14.1% to 21.0% (95% interval), by 1,200 verified rows, taken for a random sample,"
        " since the table does not say how rows were chosen: 34 wrong"
    )


def test_without_a_random_sample_nothing_is_estimated() -> None:
    share = verified_share(table(**{OTHER: 1_500}), POPULATION, ROWS)
    assert share.estimate is None
    assert share.number() == "not known"
    assert share.basis() == (
        "none of 1,500 verified rows was drawn at random (curate verify --strategy random)"
    )


def test_rows_are_counted_by_how_they_were_drawn() -> None:
    share = verified_share(table(**{BEFORE: 5, RANDOM: 40, OTHER: 7}), POPULATION, ROWS)
    assert (share.before, share.other, share.assumed, share.rows) == (5, 7, False, ROWS)
    assert verified_share(table(**{ASSUMED: 40}), POPULATION, ROWS).assumed


def test_it_is_read_as_it_was_written() -> None:
    for share in (
        verified_share(table(**{word: 40}), POPULATION, ROWS) for word in (RANDOM, OTHER)
    ):
        assert read_share(json.loads(json.dumps(share.as_json()))) == share
    assert read_share(None) is None
