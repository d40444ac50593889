"""Shards cut to a range hold its rows, each where it was."""

from hypothesis import given
from hypothesis import strategies as st

from curate.manifest.plan import Shard, within

SHARDS = [Shard("a", 0, 0, 5, 0), Shard("b", 0, 5, 2, 5), Shard("c", 1, 0, 4, 7)]


def places(shards: list[Shard]) -> list[tuple[str, int, int, int]]:
    """Name, part, row of the part, and row of the manifest of each row."""
    return [
        (shard.name, shard.part, shard.start + at, shard.first_row + at)
        for shard in shards
        for at in range(shard.rows)
    ]


@given(st.integers(0, 12), st.integers(0, 12))
def test_a_range_has_its_rows_and_no_others(first: int, stop: int) -> None:
    expected = [place for place in places(SHARDS) if first <= place[3] < stop]
    assert places(within(SHARDS, first, stop)) == expected
