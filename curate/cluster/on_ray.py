"""Shards on a Ray cluster; the one module that knows Ray.

Each worker is an actor, which keeps its encoder. One that dies is replaced wherever Ray finds room.
"""

import io
import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
import ray
from ray.cloudpickle import CloudPickler
from ray.exceptions import GetTimeoutError, RayError, RayTaskError, TaskUnschedulableError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from rich.console import Console

from curate.cluster.address import no_cluster, require_listening
from curate.cluster.jobs import Answer, Batches, InOrder, Job, Lost, name_of, reason_of
from curate.cluster.node import check_nodes, looking, marked, may_write, no_answer, require_writable
from curate.cluster.size import Resources, Size, WantedSize
from curate.cluster.worker import Failed, Results, Worker, loaded
from curate.store.engine import Count, Opening, Work
from curate.store.mapped import by_name
from curate.store.urls import cache_folder
from curate.terminal.notices import warn

T = TypeVar("T")
RAY: Any = ray
"""Its functions have no types that help here."""
ANSWER_SECONDS = 120.0
"""Time that a node, or a new worker, may take to answer."""
CONNECT_SECONDS = 5.0
STARTS = 5
"""Workers in a row that may die before they have started."""


class Actor(Worker):
    """A worker that says where it is."""

    def where(self) -> str:
        """Identify the node, which shows that the worker has started."""
        return str(RAY.get_runtime_context().get_node_id())

    def run_kept(self, work: list[Any], items: bytes) -> Results | Failed:
        """Run items of work that Ray keeps; in a list it is not fetched every time."""
        return self.run(work[0].hex(), lambda: bytes(RAY.get(work[0])), items)


class _Placed(NamedTuple):
    actor: Any
    node: str


@dataclass
class _Actors:
    """Implement ``Workers`` with actors of one size: some start, some are idle, some busy."""

    size: Size
    packed: Any = None
    """The work of them all, as Ray keeps it."""
    _starting: dict[Any, Any] = field(default_factory=dict)
    _idle: list[_Placed] = field(default_factory=list)
    _busy: dict[Any, tuple[Job, _Placed]] = field(default_factory=dict)
    _in_vain: int = 0

    @property
    def count(self) -> int:
        return len(self._starting) + len(self._idle) + len(self._busy)

    @property
    def idle(self) -> int:
        return len(self._idle)

    @property
    def busy(self) -> int:
        return len(self._busy)

    def grow(self) -> None:
        """Start a worker wherever there is room for one that has none yet."""
        for _ in range(self.count, self.size.workers(_resources())):
            self._start()

    def send(self, job: Job) -> None:
        placed = self._idle.pop()
        self._busy[placed.actor.run_kept.remote([self.packed], job.items)] = job, placed

    def receive(self) -> list[Answer]:
        """Wait until one has started, is done or is lost; one that is lost is replaced."""
        wait = [*self._busy, *self._starting]
        ready, _ = RAY.wait(wait, timeout=None if self._busy else ANSWER_SECONDS)
        if not ready:
            raise self.size.no_room()
        for answer in ready:
            if answer in self._starting:
                self._started(answer)
        return [self._answer(answer) for answer in ready if answer in self._busy]

    def stop(self) -> None:
        """End those that are busy with what nobody waits for any more."""
        for _, placed in self._busy.values():
            RAY.kill(placed.actor)
        self._busy.clear()

    def close(self) -> None:
        """End all; those that are idle first close what they have open."""
        with suppress(RayError):
            RAY.get([placed.actor.close.remote() for placed in self._idle], timeout=CONNECT_SECONDS)
        self.stop()
        for actor in (*self._starting.values(), *(placed.actor for placed in self._idle)):
            RAY.kill(actor)

    def _start(self) -> None:
        """Start one; it comes when there is room."""
        size = self.size
        sized = RAY.remote(Actor).options(num_cpus=size.cpus, num_gpus=size.gpus)
        actor = sized.remote(str(cache_folder()), loaded())
        self._starting[actor.where.remote()] = actor

    def _started(self, answer: Any) -> None:
        actor = self._starting.pop(answer)
        try:
            self._idle.append(_Placed(actor, _node_name(RAY.get(answer))))
            self._in_vain = 0
        except RayError:
            self._in_vain += 1
            if self._in_vain > STARTS:
                raise
            self._start()

    def _answer(self, answer: Any) -> Answer:
        job, placed = self._busy.pop(answer)
        try:
            result = RAY.get(answer)
        except RayTaskError:
            RAY.kill(placed.actor)
            raise
        except RayError as error:
            RAY.kill(placed.actor)
            self._start()
            return Answer(job, placed.node, Lost(reason_of(error)))
        self._idle.append(placed)
        return Answer(job, placed.node, result)


@dataclass
class OnRay:
    """Implement ``Engine`` with the workers of a Ray cluster."""

    console: Console
    wanted: WantedSize
    _actors: _Actors | None = None

    def start(self) -> None:
        """Let workers start beside what this process does first, if all work wants the same."""
        first, second = (self.wanted.on(_resources(), gpu) for gpu in (False, True))
        if first == second:
            self._of_size(first).grow()

    def cores(self, gpu: bool = False) -> int:
        """Say how many processors a worker has for itself."""
        return int(self.wanted.on(_resources(), gpu).cpus)

    def require_shared(self, folder: Path, option: str = "--run-dir") -> None:
        """Raise CurateError where a node does not see a folder, or may not write there."""
        path = folder.resolve()
        with marked(path) as mark:
            require_writable(path, option, _on_each_node(may_write, mark))

    def run(
        self,
        opening: Opening[Work[T]],
        items: Iterable[Any],
        advance: Count,
        threads: int = 1,
        gpu: bool = False,
    ) -> Iterator[T]:
        """Give the results of all tasks of all items, in order."""
        del threads
        actors = self._of_size(self.wanted.on(_resources(), gpu))
        actors.packed = RAY.put(packed(opening))
        actors.grow()
        batches = Batches(items)
        jobs = (Job(n, name_of(some), packed(some)) for n, some in enumerate(batches))
        tell = partial(warn, self.console, "Lost")
        try:
            for results in InOrder(actors, jobs, tell).results():
                advance(results.counted)
                batches.pace(results.seconds)
                yield from results.values
        finally:
            actors.stop()

    def close(self) -> None:
        """End the workers."""
        if self._actors is not None:
            self._actors.close()
            self._actors = None

    def _of_size(self, size: Size) -> _Actors:
        """Give workers of a size; others are ended, as they hold what these need."""
        if self._actors is None or self._actors.size != size:
            self.close()
            self._actors = _Actors(size)
        return self._actors


@contextmanager
def on_ray(address: str | None, wanted: WantedSize, console: Console) -> Iterator[OnRay]:
    """Connect to a Ray cluster (None: the one that runs here, or RAY_ADDRESS), and check its nodes.

    Raises CurateError where there is none, and for nodes that do not have this curate.
    """
    ours = not RAY.is_initialized()
    if ours:
        _connect(address or os.environ.get("RAY_ADDRESS") or "auto")
    engine = OnRay(console, wanted)
    try:
        check_nodes(_on_each_node(looking()), console)
        engine.start()
        yield engine
    finally:
        engine.close()
        if ours:
            RAY.shutdown()


def _connect(address: str) -> None:
    try:
        require_listening(address, CONNECT_SECONDS)  # Ray itself would wait for minutes.
        kept = signal.getsignal(signal.SIGTERM)
        RAY.init(address, log_to_driver=False, logging_level=logging.ERROR)
        with suppress(ValueError):  # Not the main thread, where Ray changes nothing.
            signal.signal(signal.SIGTERM, kept)
    except (OSError, OverflowError, ValueError, RuntimeError) as error:
        raise no_cluster(address, reason_of(error)) from error


def _on_each_node(function: Callable[..., T], *given: Any) -> dict[str, T]:
    """Call a function on each node; return what it says by the node's name."""
    asked = {}
    for node in _alive():
        there = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        remote = RAY.remote(function).options(num_cpus=0, scheduling_strategy=there)
        asked[_node_name(node["NodeID"])] = remote.remote(*given)
    answers = {}
    for name, answer in asked.items():
        try:
            answers[name] = RAY.get(answer, timeout=ANSWER_SECONDS)
        except TaskUnschedulableError:
            continue  # It died just now, and is no longer part of the cluster.
        except (GetTimeoutError, RayError) as error:
            raise no_answer(name, reason_of(error)) from error
    return answers


def _alive() -> list[dict[str, Any]]:
    return [node for node in RAY.nodes() if node["Alive"]]


def _resources() -> list[Resources]:
    return [node["Resources"] for node in _alive()]


def _node_name(identity: str) -> str:
    """Name a node for a person."""
    for node in RAY.nodes():
        if node["NodeID"] == identity:
            return f"node {node['NodeName']} ({node['NodeManagerHostname']}, {identity[:6]})"
    return f"node {identity[:6]}"


class _Pickler(CloudPickler):
    """Maps of files travel as places."""

    def reducer_override(self, thing: Any) -> Any:
        reduced = by_name(thing) if isinstance(thing, np.ndarray) else None
        above: Any = super()
        return above.reducer_override(thing) if reduced is None else reduced


def packed(thing: object) -> bytes:
    """Pickle work or an item; functions inside of others too."""
    file = io.BytesIO()
    pickler: Any = _Pickler
    pickler(file).dump(thing)
    return file.getvalue()
