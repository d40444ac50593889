"""What is passed over in several places is told as if it had been in one."""

from curate.terminal.skipped import Passed, Skipped, together


def test_places_add_up_kind_by_kind() -> None:
    names = [("dark", f"d{n}") for n in range(7)] + [("empty", "e"), ("dark", "last")]
    whole, parts = Passed(), [Passed(), Passed(), Passed()]
    for at, name in enumerate(names):
        whole.add(*name)
        parts[at // 3].add(*name)
    told: list[Skipped] = [each for part in parts for each in part.skipped]
    assert together(told) == whole.skipped
    assert together([]) == ()
