"""Items given to whichever worker is idle, with their results in order; no engine is known here."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol

from curate.cluster.worker import Failed, Results
from curate.errors import CurateError

DEATHS = 3
"""How many workers may be lost at an item before it is given up."""
AHEAD = 2
"""Jobs for each worker whose results wait until an earlier one is done."""
TOGETHER_SECONDS, MOST_TOGETHER = 0.1, 8
"""Items that take less travel together, but few: those behind quick ones may take long."""


@dataclass(frozen=True, order=True)
class Job:
    """Items on their way."""

    number: int
    name: str
    """As a person is told of it."""
    items: bytes
    """A pickled list."""
    deaths: int = 0
    """Workers that were lost at them."""


class Batches:
    """Gives items, several together where each takes a moment: a job costs some milliseconds."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self._size = 1

    def __iter__(self) -> Iterator[list[Any]]:
        """Give neighbours, as many as the pace allows."""
        while some := list(islice(self._items, self._size)):
            yield some

    def pace(self, seconds: float) -> None:
        """Say how long an item took lately."""
        some = TOGETHER_SECONDS / max(seconds, TOGETHER_SECONDS / MOST_TOGETHER)
        self._size = max(1, int(some))


@dataclass(frozen=True)
class Lost:
    """Why a worker gave no answer."""

    reason: str


@dataclass(frozen=True)
class Answer:
    """What became of a job."""

    job: Job
    node: str
    result: Results | Failed | Lost


class Workers(Protocol):
    """Those that work on items, wherever they are."""

    @property
    def count(self) -> int:
        """How many there are, those too that have yet to start."""
        ...

    @property
    def idle(self) -> int:
        """How many have nothing to do."""
        ...

    @property
    def busy(self) -> int:
        """How many work on a job."""
        ...

    def send(self, job: Job) -> None:
        """Give a job to one that is idle."""
        ...

    def receive(self) -> list[Answer]:
        """Wait until something happens, and return what was answered, maybe nothing.

        A worker that was lost is replaced.
        """
        ...


@dataclass
class InOrder:
    """Sends jobs to workers, and gives their results in order."""

    workers: Workers
    jobs: Iterator[Job]
    tell: Callable[[str], None]
    """Told of workers that were lost."""
    _next: list[Job] = field(default_factory=list)
    """A heap: jobs that are drawn, or to be done again."""
    _done: dict[int, Results] = field(default_factory=dict)

    def results(self) -> Iterator[Results]:
        """Give the results of each job; raises what made one impossible."""
        wanted = 0
        while self._drawn() or self.workers.busy:
            self._send(wanted)
            for answer in self.workers.receive():
                self._take(answer)
            while wanted in self._done:
                yield self._done.pop(wanted)
                wanted += 1

    def _drawn(self) -> bool:
        """Tell whether there is a job to be sent; draws one where none is left."""
        if not self._next:
            self._next += [job for job in [next(self.jobs, None)] if job is not None]
        return bool(self._next)

    def _send(self, wanted: int) -> None:
        last = wanted + AHEAD * self.workers.count
        while self.workers.idle and self._drawn() and self._next[0].number < last:
            self.workers.send(heapq.heappop(self._next))

    def _take(self, answer: Answer) -> None:
        match answer.result:
            case Results() as results:
                self._done[answer.job.number] = results
            case Failed() as failed:
                raise _error(f"{answer.node}, {answer.job.name}", failed)
            case Lost(reason):
                self._again(answer.job, answer.node, reason)

    def _again(self, job: Job, node: str, reason: str) -> None:
        """Do the job of a lost worker again, or give it up."""
        deaths = job.deaths + 1
        if deaths == DEATHS:
            raise CurateError(
                f"{node} lost its worker at {job.name}, as did {deaths - 1} others before it"
                f" ({reason}); look at the memory of the nodes (fewer --workers, more"
                " --cpus-per-task) and at the logs there, and run the same command again."
            )
        self.tell(f"{node} lost its worker at {job.name} ({reason}); another does that again.")
        heapq.heappush(self._next, replace(job, deaths=deaths))


def name_of(items: list[Any]) -> str:
    """Name neighbouring items, shards or tuples that begin with one, by their rows."""
    first, last = (item[0] if isinstance(item, tuple) else item for item in (items[0], items[-1]))
    if first is None:
        return "the encoder"
    return f"rows {first.first_row + 1:,} to {last.first_row + last.rows:,}"


def reason_of(error: Exception) -> str:
    """Give the kind of an error and its first line."""
    lines = [line.strip().rstrip(".") for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _error(where: str, failed: Failed) -> Exception:
    text = f"{where}: {failed.sentence}"
    error = CurateError(text) if failed.mendable else RuntimeError(text)
    error.add_note(failed.trace)
    return error
