from rich.console import Console

from curate.terminal.charts import class_table, histogram, pair_table


def lines(drawn: object, width: int = 60) -> list[str]:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(drawn)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_bars_are_as_high_as_their_counts_and_what_is_there_is_seen() -> None:
    drawn = lines(histogram("quality", [0, 1, 800, 400, 1600], 1.0, bar=1, height=2))
    assert drawn[1:3] == ["    █", " ▁█▄█"]
    assert drawn[0] == "quality  most 1,600"


def test_an_axis_ends_where_the_bins_end() -> None:
    axis = lines(histogram("weight", [1] * 10, 1.3, bar=2, height=1))[-1]
    assert axis.split() == ["0", "0.65", "1.3"]
    assert len(axis) == 10 * 3 - 1
    assert lines(histogram("weight", [0] * 10, 1.0, 2, 1))[1] == ""


def test_labels_are_cut_and_numbers_are_not() -> None:
    unjudged = lines(class_table([("x", 0, 0, None)], "worst", "wrong", 20))
    assert unjudged[1].split() == ["x", "–", "0", "–"]
    table = lines(class_table([("x" * 200, 12_345, 67_890, 0.5)], "worst", "wrong", 20))
    assert table[1].split() == ["x" * 19 + "…", "12,345", "67,890", "50%", "▇" * 6]
    table = lines(pair_table([("[b]a", "y" * 90, 7)], "given → suggested", 20))
    assert table[0].split() == ["given", "→", "suggested"]
    assert table[1].split() == ["[b]a", "→", "y" * 17 + "…", "7"]
