"""What every step can count on: found or made, whole or not at all, named by facts and code."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident

import numpy as np
import pytest

from curate.store.run import Advance, Run
from curate.store.step import Made, Step, Task, ready


@dataclass(frozen=True)
class Shard:
    name: str
    rows: int


SHARDS = [Shard("a", 3), Shard("b", 4), Shard("c", 5)]
STEP = Step("numbers", code=("curate.errors",), title="Counting")


class Shown:
    """Remembers what is shown: a title, a total, and what was counted."""

    def __init__(self) -> None:
        self.bars: list[tuple[str, int, list[int]]] = []

    @contextmanager
    def __call__(self, title: str, total: int) -> Iterator[Advance]:
        counted: list[int] = []
        self.bars.append((title, total, counted))
        yield counted.append


def numbers(shard: Shard) -> Made:
    return Made({"numbers": np.arange(shard.rows)}, {"odd": shard.rows % 2})


def test_only_what_is_missing_is_made_and_counted(tmp_path: Path) -> None:
    shown = Shown()
    run = Run(tmp_path, shown)
    kept = STEP.by_shard(run, {"k": 1})
    kept.make(SHARDS[:1], numbers)
    store = kept.make(SHARDS, numbers, threads=2)
    assert [(title, total, sum(done)) for title, total, done in shown.bars] == [
        ("Counting", 3, 3), ("Counting", 9, 9)]  # fmt: skip
    assert kept.missing(SHARDS) == []
    kept.make(SHARDS, numbers)
    assert len(shown.bars) == 2
    for shard in SHARDS:
        assert len(store.array(shard.name, "numbers")) == shard.rows
        receipt = store.receipt(shard.name)
        assert (receipt["rows"], receipt["odd"]) == (shard.rows, shard.rows % 2)


def test_each_shard_is_written_by_the_thread_that_made_it(tmp_path: Path) -> None:
    makers, writers = {}, {}

    def one(shard: Shard) -> Made:
        makers[shard.name] = get_ident()

        def write(path: Path) -> None:
            writers[shard.name] = get_ident()
            path.write_text("")

        return Made({"empty.txt": write})

    STEP.by_shard(Run(tmp_path), {}).make(SHARDS, one, threads=3)
    assert makers == writers


def test_a_stream_keeps_what_came_before_it_broke(tmp_path: Path) -> None:
    kept = STEP.by_shard(Run(tmp_path), {})

    def tasks(missing: list[Shard], advance: Advance) -> Iterator[tuple[Shard, Task]]:
        for shard in missing:
            if shard.name == "b":
                raise OSError("gone")
            yield ready(shard, {"numbers": np.zeros(1)})

    with pytest.raises(OSError, match="gone"):
        kept.stream(SHARDS, tasks)
    assert kept.missing(SHARDS) == SHARDS[1:]


def test_work_that_is_done_once_is_made_once(tmp_path: Path) -> None:
    run, made = Run(tmp_path), []

    def make(_: Advance) -> Made:
        made.append("made")
        return Made({"numbers": np.arange(3)})

    for _ in range(2):
        kept = STEP.once(run, {"k": 1}, make, first=lambda: made.append("first"))
        assert kept.array("numbers").tolist() == [0, 1, 2]
    assert made == ["first", "made"]
    assert kept.receipt["made_from"] == {"k": 1}
    assert STEP.once(run, {"k": 2}, make).name != kept.name


def test_facts_and_code_are_in_the_name() -> None:
    other = Step("numbers", code=("curate.store.run",))
    assert STEP.named({"k": 1}) == STEP.named({"k": 1}) != STEP.named({"k": 2})
    assert Step("numbers", code=("prototypes.score.weights",)).named({}) != other.named({})
