"""Answers to single labels: how they are written, and how they are gathered by image."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import CurateError
from curate.manifest.verified_pairs import by_image, read_correct

PATH = Path("v.csv")


def correct(*words: object) -> list[bool]:
    table = pl.DataFrame({"label": ["cat"] * len(words), "correct": words}, strict=False)
    return read_correct(PATH, table, table["label"]).to_list()


def test_true_and_false_are_read_as_people_and_programs_write_them() -> None:
    assert correct(True, False) == [True, False]
    assert correct("true", "False", " TRUE ") == [True, False, True]
    assert correct(1, 0) == [True, False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("true", "maybe"), "'maybe' in row 2; write true or false"),
        ((True, None), "'' in row 2"),
        (("", "true"), "'' in row 1"),
        (([True], [False]), "holds lists"),
    ],
)
def test_what_is_no_answer_is_an_error(words: tuple[object, ...], said: str) -> None:
    with pytest.raises(CurateError, match=said):
        correct(*words)


@pytest.mark.parametrize(
    ("labels", "said"),
    [(["cat", None], "row 2 has no label"), ([" ", "cat"], "row 1 has no"), ([["cat"]], "lists")],
)
def test_an_answer_names_one_label(labels: list[object], said: str) -> None:
    table = pl.DataFrame({"label": labels, "correct": [True] * len(labels)})
    with pytest.raises(CurateError, match=said):
        read_correct(PATH, table, table["label"])


Answers = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abc"), st.booleans()))


@given(Answers)
def test_answers_are_gathered_as_in_a_loop(answers: list[tuple[str, str, bool]]) -> None:
    schema = {"key": pl.String, "labels": pl.List(pl.String), "correct": pl.Boolean}
    rows = [(key, [label], right) for key, label, right in answers]
    gathered, unclear = by_image(pl.DataFrame(rows, schema, orient="row"))
    said: dict[tuple[str, str], set[bool]] = {}
    for key, label, right in answers:
        said.setdefault((key, label), set()).add(right)
    clear = {pair: all(both) for pair, both in said.items() if len(both) == 1}
    expected = {
        key: (
            sorted(label for (of, label), right in clear.items() if of == key and right),
            sorted(label for of, label in clear if of == key),
        )
        for key, _ in clear
    }
    assert {key: (right, every) for key, right, every in gathered.iter_rows()} == expected
    pairs = {(key, label[0]) for key, label, _ in unclear.iter_rows()}
    assert pairs == {pair for pair, both in said.items() if len(both) == 2}
