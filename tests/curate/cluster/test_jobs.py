"""Jobs in order, whatever becomes of the workers; no Ray is needed for that."""

from collections import deque
from collections.abc import Callable, Iterator

import pytest

from curate.cluster.jobs import (
    AHEAD,
    DEATHS,
    MOST_TOGETHER,
    TOGETHER_SECONDS,
    Answer,
    Batches,
    InOrder,
    Job,
    Lost,
    name_of,
)
from curate.cluster.worker import Failed, Results
from curate.errors import CurateError
from curate.manifest.plan import Shard


class Scripted:
    """Workers that answer the newest job first, and are lost where ``fate`` says so."""

    def __init__(self, count: int, fate: Callable[[Job], Failed | Lost | None]) -> None:
        self.count, self.fate = count, fate
        self.working: deque[Job] = deque()
        self.highest = 0

    @property
    def idle(self) -> int:
        return self.count - len(self.working)

    @property
    def busy(self) -> int:
        return len(self.working)

    def send(self, job: Job) -> None:
        self.highest = max(self.highest, job.number)
        self.working.append(job)

    def receive(self) -> list[Answer]:
        if not self.working:
            return []
        job = self.working.pop()
        found = self.fate(job) or Results.of([job.number], 1, 1)
        return [Answer(job, "node a", found)]


def jobs(count: int) -> Iterator[Job]:
    return (Job(number, f"rows {number}", b"") for number in range(count))


def results(workers: Scripted, count: int = 20) -> tuple[list[int], list[str]]:
    told: list[str] = []
    found = InOrder(workers, jobs(count), told.append).results()
    return [value for each in found for value in each.values], told


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 20])
def test_results_come_in_order(workers: int, count: int) -> None:
    assert results(Scripted(workers, lambda job: None), count) == (list(range(count)), [])


def test_a_slow_job_holds_few_results_back() -> None:
    """The first job is answered last, by workers that take the newest job first."""
    workers = Scripted(3, lambda job: None)
    found = InOrder(workers, jobs(100), lambda _: None).results()
    next(found)
    assert workers.highest < 3 * AHEAD


def test_a_job_of_a_lost_worker_is_done_again() -> None:
    workers = Scripted(2, lambda job: Lost("killed") if job.number == 4 > job.deaths * 4 else None)
    found, told = results(workers)
    assert found == list(range(20))
    assert told == ["node a lost its worker at rows 4 (killed); another does that again."]


def test_a_job_that_loses_every_worker_is_given_up() -> None:
    workers = Scripted(2, lambda job: Lost("killed") if job.number == 4 else None)
    with pytest.raises(CurateError, match=r"node a lost its worker at rows 4, as did 2 others"):
        results(workers)
    assert DEATHS == 3


def test_a_failure_names_the_node_and_the_rows() -> None:
    workers = Scripted(2, lambda job: Failed("the disk is full.", True, "trace"))
    with pytest.raises(CurateError, match=r"node a, rows [01]: the disk is full\."):
        results(workers)
    workers = Scripted(2, lambda job: Failed("curate failed", False, "where it was"))
    with pytest.raises(RuntimeError, match="curate failed") as raised:
        results(workers)
    assert raised.value.__notes__ == ["where it was"]


def test_items_are_named_by_their_rows() -> None:
    shard = Shard("f00", 0, 0, 500, 1_000)
    last = Shard("f01", 0, 500, 20, 1_500)
    assert name_of([shard]) == name_of([(shard, None)]) == "rows 1,001 to 1,500"
    assert name_of([shard, last]) == "rows 1,001 to 1,520"
    assert name_of([None]) == "the encoder"


def test_items_that_take_a_moment_travel_together() -> None:
    batches = Batches(range(30))
    given = iter(batches)
    assert next(given) == [0]
    batches.pace(TOGETHER_SECONDS / 4)
    assert next(given) == [1, 2, 3, 4]
    batches.pace(0)
    assert next(given) == list(range(5, 5 + MOST_TOGETHER))
    batches.pace(1)
    assert next(given) == [5 + MOST_TOGETHER]
    assert list(Batches(range(3))) == [[0], [1], [2]]
