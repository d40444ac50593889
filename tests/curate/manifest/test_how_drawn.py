"""Which verified rows stand for the crawl, by the strategy and the order of the answers."""

import polars as pl
import pytest

from curate.manifest.how_drawn import ASSUMED, BEFORE, OTHER, RANDOM, how_drawn

WORDS = {"r": "random", "s": "suspect", "f": "random, of one class or type of noise", "?": None}
SAID = {RANDOM: "R", BEFORE: "B", OTHER: "O", ASSUMED: "A"}


def said(strategies: str, **columns: list) -> str:
    table = pl.DataFrame({"strategy": [WORDS[each] for each in strategies], **columns})
    return "".join(SAID[word] for word in how_drawn(table))


@pytest.mark.parametrize(
    ("strategies", "expected"),
    [
        ("rrr", "RRR"),
        ("ssrrr", "BBRRR"),
        ("rrrss", "RRROO"),
        ("rsrrsr", "BBRROO"),
        ("rrsrr", "RROOO"),
        ("frrf?", "BRROO"),
        ("?rr", "BRR"),
        ("sss", "OOO"),
        ("fs?", "OOO"),
        ("??", "AA"),
        ("", ""),
    ],
)
def test_the_longest_run_of_random_answers_is_the_sample(strategies: str, expected: str) -> None:
    assert said(strategies) == expected


def test_answers_are_taken_in_the_order_in_which_they_were_given() -> None:
    assert said("rrsr", time=[4, 3, 1, 2]) == "RRBR"
    assert said("rrsr", time=[1, 2, 3, None]) == "RROO"


def test_a_table_that_does_not_say_it_is_taken_for_a_random_sample() -> None:
    assert how_drawn(pl.DataFrame({"key": ["a", "b"]})).to_list() == [ASSUMED] * 2
    numbers = pl.DataFrame({"key": ["a", "b"], "strategy": [1, 2], "time": [[1], [2]]})
    assert how_drawn(numbers).to_list() == [ASSUMED] * 2
    odd = pl.DataFrame({"strategy": ["random", "suspect"], "time": [[1], [2]]})
    assert how_drawn(odd).to_list() == [RANDOM, OTHER]
