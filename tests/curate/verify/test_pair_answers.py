"""Answers to single labels: their file, and what else is no such file."""

from pathlib import Path

import polars as pl
import pytest

from curate.errors import CurateError
from curate.options.verify import VerifyOptions
from curate.verify.answers import open_answers
from curate.verify.asked_sample import Sample, label_by_label
from curate.verify.asking import check_each_label
from curate.verify.pair_answers import PairAnswers, pair_name
from curate.verify.session import Session

WHOLE = [
    Sample(0, "k0", ("ant", "bee"), (0.9, None), (("cat", 0.7),), "two", None),
    Sample(1, "k1", ("ant",), (0.5,), (), None, None),
]
LABELS = [("k0", "ant", 0.9), ("k0", "bee", None), ("k0", "cat", 0.7), ("k1", "ant", 0.5)]


def test_given_labels_come_first_then_those_suggested() -> None:
    asked = list(label_by_label(WHOLE))
    assert [(each.key, *each.given, *each.qualities) for each in asked] == LABELS
    assert len({each.name for each in asked}) == len(asked)


def test_names_of_labels_are_never_mixed_up() -> None:
    assert len({pair_name("a", "b, c"), pair_name("a, b", "c"), pair_name('a", "b', "c")}) == 3


def test_answers_are_written_as_refine_reads_them_and_undone(tmp_path: Path) -> None:
    out, asked = tmp_path / "v.parquet", list(label_by_label(WHOLE))
    with open_answers(out, "anna", True, PairAnswers) as answers:
        session = Session(asked, answers, "random")
        session.answer("ant")
        session.answer(None)
        session.skip()
        session.answer("ant")
        assert session.noise_rate is None
        assert session.undo()
    with open_answers(out, "bert", True, PairAnswers) as answers:
        session = Session(asked, answers, "suspect")
        assert [each.name for each in session.ahead(9)] == [asked[3].name, asked[2].name]
        session.answer(None)
    table = pl.read_parquet(out)
    assert table.select("key", "label", "correct", "strategy", "by").rows() == [
        ("k0", "ant", True, "random", "anna"),
        ("k0", "bee", False, "random", "anna"),
        ("k1", "ant", False, "suspect", "bert"),
    ]


def test_a_file_of_whole_lists_is_no_file_of_answers_to_single_labels(tmp_path: Path) -> None:
    out = tmp_path / "v.parquet"
    with open_answers(out, "anna", True) as answers:
        answers.add("k0", ["ant"], ["bee"], "random")
    with (
        pytest.raises(CurateError, match="is not a file of answers to single labels; name another"),
        open_answers(out, "anna", True, PairAnswers),
    ):
        pass
    other = tmp_path / "other.parquet"
    with open_answers(other, "anna", True, PairAnswers) as answers:
        answers.add(pair_name("k0", "ant"), None, "ant", "random")
    with (
        pytest.raises(CurateError, match="is not a file of answers with lists of labels"),
        open_answers(other, "anna", True),
    ):
        pass


def test_single_labels_are_whole_anyway() -> None:
    options = VerifyOptions([Path("w.parquet")], each_label=True)
    check_each_label(options, lists=True)
    with pytest.raises(CurateError, match="has one label for each image; leave it out"):
        check_each_label(options, lists=False)
