from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from curate.verify.answers import Answers, open_answers
from curate.verify.asked_sample import Sample
from curate.verify.queue import QueueOptions
from curate.verify.session import Session
from prototypes.score.verified_share import BINS, clopper_pearson, doubt_bins


def sample(number: int, *given: str) -> Sample:
    return Sample(number, f"k{number}", given or ("ant",), (0.5,), (), None, None)


SAMPLES = [sample(number) for number in range(6)]


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    with open_answers(tmp_path / "verified.parquet", "anna", lists=False) as opened:
        yield opened


def keys(session: Session) -> list[str]:
    return [each.key for each in session.ahead(99)]


def test_answered_samples_are_not_asked_again_and_skipped_ones_last(answers: Answers) -> None:
    session = Session(SAMPLES, answers, "suspect")
    session.answer("ant")
    session.skip()
    session.answer(None)
    assert keys(session) == ["k3", "k4", "k5"]
    later = Session(SAMPLES, answers, "suspect")
    assert keys(later) == ["k3", "k4", "k5", "k1"]
    assert later.left == 4
    for _ in range(4):
        later.answer("bee")
    assert later.current is None
    assert later.ahead(3) == []


def test_undo_goes_back_step_by_step_also_into_earlier_sittings(answers: Answers) -> None:
    first = Session(SAMPLES, answers, "suspect")
    first.answer("ant")
    first.answer("bee")
    session = Session(SAMPLES, answers, "suspect")
    session.skip()
    session.answer("cat")
    for key in ("k3", "k2", "k1", "k0"):
        assert session.undo()
        assert session.current is not None
        assert session.current.key == key
        assert key not in answers
        assert not answers.is_skipped(key)
    assert not session.undo()
    assert keys(session) == [f"k{number}" for number in range(6)]


def test_the_tally_counts_what_was_said_of_this_queue(answers: Answers) -> None:
    answers.add("elsewhere", "ant", "ant", "random")
    session = Session(SAMPLES, answers, "suspect")
    session.answer("ant")
    session.answer("bee")
    session.answer(None)
    session.skip()
    tally = session.tally
    assert (tally.kept, tally.changed, tally.none, tally.skipped) == (1, 1, 1, 1)
    assert tally.answered == 3
    assert session.noise_rate is None


def test_a_random_sample_counts_as_far_as_it_is_without_a_gap(answers: Answers) -> None:
    answers.add("k1", "bee", "ant", "suspect")
    answers.add("k5", "bee", "ant", "suspect")
    session = Session(SAMPLES, answers, "random")
    assert session.noise_rate is None
    session.answer("ant")
    assert session.noise_rate == clopper_pearson(1, 2)
    session.skip()
    session.answer(None)
    assert session.noise_rate == clopper_pearson(2, 3)
    session.answer("ant")
    assert session.noise_rate == clopper_pearson(3, 5)


def test_the_qualities_of_all_rows_narrow_the_interval(answers: Answers) -> None:
    qualities = [0.01, 0.99, 0.98, 0.97, 0.02, 0.96] * 10
    asked = [
        Sample(row, f"k{row}", ("ant",), (quality,), (), None, None)
        for row, quality in enumerate(qualities)
    ]
    population = np.bincount(doubt_bins(np.array(qualities * 50)), minlength=BINS)
    session = Session(asked, answers, "random", population=population)
    for quality in qualities:
        session.answer("bee" if quality < 0.5 else "ant")
    found, alone = session.noise_rate, clopper_pearson(20, 60)
    assert found is not None
    assert found.powered
    assert found.share == pytest.approx(1 / 3, abs=0.01)
    assert found.high - found.low < 0.5 * (alone.high - alone.low)


def test_answers_of_one_class_are_not_written_as_a_random_sample(answers: Answers) -> None:
    session = Session(
        SAMPLES, answers, "random", recorded=QueueOptions("random", label="ant").recorded
    )
    session.answer("ant")
    (written,) = pl.read_parquet(answers.path)["strategy"]
    assert written == "random, of one class or type of noise"
    assert session.noise_rate == clopper_pearson(0, 1)


def test_a_list_is_wrong_where_any_of_its_labels_is(tmp_path: Path) -> None:
    several = [sample(number, "ant", "bee") for number in range(4)]
    with open_answers(tmp_path / "lists.parquet", "anna", lists=True) as answers:
        session = Session(several, answers, "random")
        for label in (["bee", "ant"], ["ant", "bee", "cat"], ["ant"], []):
            session.answer(label)
        assert session.noise_rate == clopper_pearson(2, 4)
        tally = session.tally
        assert (tally.kept, tally.changed, tally.none) == (1, 2, 1)


def test_a_pause_does_not_count_as_slowness(answers: Answers) -> None:
    now = iter([0, 2, 4, 1000, 1002, 1004, 1006]).__next__
    clock: Callable[[], float] = lambda: float(now())  # noqa: E731
    session = Session(SAMPLES, answers, "suspect", clock)
    assert session.seconds_each is None
    for _ in range(5):
        session.answer("ant")
    assert session.seconds_each == 2
