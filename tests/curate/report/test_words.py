import pytest

from curate.report.words import day, number, percent, words


def test_words_are_one_line_without_control_characters() -> None:
    assert words("a\n\tb\x1b[2J\u202ec\u2028d") == "a b�[2J�c d"
    assert words("x" * 200, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.12345, "0.123"),
        (0.0001, "< 0.001"),
        (0.0, "0.000"),
        (None, "–"),
        (True, "yes"),
        (7, "7"),
        ([0.5, None, "a"], "0.500, –, a"),
        ([], "–"),
    ],
)
def test_numbers(value: object, said: str) -> None:
    assert number(value) == said


def test_shares_and_days() -> None:
    assert [percent(share) for share in (0, 0.004, 0.0525, 0.393, 1)] == [
        "0%", "0.4%", "5.2%", "39%", "100%",
    ]  # fmt: skip
    assert day("2026-11-21T14:57:28+00:00") == "21 November 2026"
    assert day("None") == ""
