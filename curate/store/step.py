"""The contract for kept work: a step is declared once, and its work is loaded or made.

A step says how its work is made. This module decides whether, when and where it is made.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

import polars as pl
from numpy.typing import NDArray

from curate.store.code import code_of
from curate.store.engine import HERE, Engine, Opening, Work, stateless
from curate.store.fingerprint import fingerprint
from curate.store.folders import Content, Folders
from curate.store.machine import machine_kind
from curate.store.run import Advance, Progress, Run, silent
from curate.store.state import State, parts_of, stored

Facts = Mapping[str, object]
"""JSON-able values, by name."""


@dataclass(frozen=True)
class Made:
    """What a finished folder holds, and what its receipt states."""

    contents: Mapping[str, Content]
    facts: Facts = field(default_factory=dict)


Task = Callable[[], Made]
ShardTasks = Callable[[Iterable[Any], Advance], Iterable[tuple["Rows", Task]]]
"""Turns items into the tasks of their shards; reports its progress."""


class Rows(Protocol):
    """Rows that are worked on together: a shard of the crawl."""

    @property
    def name(self) -> str:
        """Name the rows by their content."""
        ...

    @property
    def rows(self) -> int:
        """Count them."""
        ...


Shard = TypeVar("Shard", bound=Rows)


@dataclass(frozen=True)
class Step:
    """One kind of kept work, declared beside the code that makes it.

    Work is named by the facts that it is made from and by the source code that makes it. When
    either changes, the work is made again; nobody has to raise a version.
    """

    name: str
    """The step's folder in the run folder."""
    code: tuple[str, ...]
    """The modules that make the work; all that they import is part of it."""
    beside: tuple[str, ...] = ()
    """Modules and packages that the code imports but no result depends on."""
    title: str = ""
    """Shown beside the progress bar; '' for a step that takes a moment or shows several bars."""
    checked: bool = True
    """Whether files are hashed; not needed for work that is removed when the run ends."""

    def named(self, facts: Facts) -> str:
        """Name the work that is made from these facts by the present code."""
        return fingerprint(code=code_of(*self.code, without=self.beside), **facts)

    def once(
        self,
        run: Run,
        facts: Facts,
        make: Callable[[Advance], Made],
        total: int = 0,
        first: Callable[[], object] = lambda: None,
    ) -> "Kept":
        """Load the work, or make it; ``make`` reports its progress out of ``total``.

        ``first`` is called before ``make``: it prepares what ``make`` reads and nobody keeps.
        """

        def shown() -> Made:
            first()
            with self.shown(run.progress)(self.title, total) as advance:
                return make(advance)

        return self.once_in(run.step(self.name), facts, shown)

    def remove(self, run: Run) -> None:
        """Remove all work of the step, whatever it was made from."""
        run.step(self.name).remove_all()

    def shown(self, progress: Progress) -> Progress:
        """Choose how progress is shown: not at all for a step without a title."""
        return progress if self.title else silent

    def once_in(self, store: Folders, facts: Facts, make: Task) -> "Kept":
        """Load the work from a folder that is not a run's, or make it there."""
        return found_or_made(store, self.named(facts), make, made_from=facts)

    def by_shard(self, run: Run, facts: Facts) -> "KeptShards":
        """Open the work that is made from these facts, which has a folder for each shard."""
        store = run.step(self.name, self.named(facts))
        folders = Folders(store.root, self.checked)
        return KeptShards(self, folders, self.shown(run.progress), run.engine)


@dataclass(frozen=True)
class Kept:
    """A finished folder of a step."""

    store: Folders
    name: str

    @property
    def receipt(self) -> dict[str, Any]:
        """Read what was stated when the folder was finished."""
        return self.store.receipt(self.name)

    def array(self, stem: str) -> NDArray[Any]:
        """Map an array read-only."""
        return self.store.array(self.name, stem)

    def table(self, stem: str) -> pl.DataFrame:
        """Read a table."""
        return self.store.table(self.name, stem)

    def settings(self, stem: str) -> dict[str, object]:
        """Read a JSON object."""
        return self.store.settings(self.name, stem)

    def file(self, file: str) -> Path:
        """Give the path of a file that a function has written."""
        return self.store.file(self.name, file)

    def state(self, kind: type[State]) -> State:
        """Load the dataclass that `state_made` took apart."""
        return stored(self.store, self.name, kind)


@dataclass(frozen=True)
class KeptShards:
    """The finished folders of a step, one for each shard."""

    step: Step
    store: Folders
    progress: Progress = silent
    engine: Engine = HERE

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without progress and engine, which are this process's own."""
        return KeptShards, (self.step, self.store)

    @property
    def name(self) -> str:
        """The name of this work among the step's."""
        return self.store.root.name

    def missing(self, shards: Sequence[Shard]) -> list[Shard]:
        """List the shards that have no finished folder."""
        return [shard for shard in shards if shard.name not in self.store]

    def make(
        self,
        shards: Sequence[Shard],
        one: Callable[[Shard], Made],
        threads: int = 1,
        gpu: bool = False,
    ) -> Folders:
        """Make the missing shards, wherever the run's engine has workers; here on ``threads``.

        No shard's work depends on another's; each is written by the worker that made it.
        """
        missing = self.missing(shards)
        opening = stateless(partial(_each_made, one))
        rows = sum(shard.rows for shard in missing)
        return self.spread(missing, opening, rows, threads, gpu=gpu)

    def spread(
        self,
        items: Sequence[Any],
        opening: Opening[ShardTasks],
        total: int,
        threads: int = 1,
        title: str | None = None,
        gpu: bool = False,
    ) -> Folders:
        """Write the shards of these items, finished ones too, wherever the engine has workers.

        ``opening`` gives the tasks of items, each item's whatever the others are. An item is a
        shard, or a tuple that begins with one.
        """
        if items:
            keeping = partial(_keeping, self.store, opening)
            with self.progress(self.step.title if title is None else title, total) as advance:
                for name in self.engine.run(keeping, items, advance, threads, gpu):
                    self.store.trust(name)
        return self.store

    def stream(
        self,
        shards: Sequence[Shard],
        tasks: Callable[[list[Shard], Advance], Iterable[tuple[Shard, Task]]],
        total: int | None = None,
        threads: int = 1,
    ) -> Folders:
        """Make the missing shards here in the order of their tasks, for steps that read tables.

        ``tasks`` gets the missing shards, and reports its progress out of ``total``, by default
        the number of their rows.
        """
        missing = self.missing(shards)
        if missing:
            rows = sum(shard.rows for shard in missing) if total is None else total
            self.replace(lambda advance: tasks(missing, advance), self.step.title, rows, threads)
        return self.store

    def replace(
        self,
        tasks: Callable[[Advance], Iterable[tuple[Shard, Task]]],
        title: str = "",
        total: int = 0,
        threads: int = 1,
    ) -> None:
        """Write the shards of these tasks here, finished ones too."""
        opening = stateless(lambda _, advance: tasks(advance))
        KeptShards(self.step, self.store, self.progress).spread(
            [None], opening, total, threads, title
        )


def _each_made(
    one: Callable[[Shard], Made], shards: Iterable[Shard], advance: Advance
) -> Iterator[tuple[Shard, Task]]:
    for shard in shards:
        yield shard, partial(_counted, one, shard, advance)


def _counted(one: Callable[[Shard], Made], shard: Shard, advance: Advance) -> Made:
    made = one(shard)
    advance(shard.rows)
    return made


@contextmanager
def _keeping(store: Folders, opening: Opening[ShardTasks]) -> Iterator[Work[str]]:
    """Give tasks that write the folder of a shard, and return its name."""
    with opening() as tasks:
        yield lambda items, advance: (
            partial(_keep, store, *each) for each in tasks(items, advance)
        )


def _keep(store: Folders, shard: Rows, task: Task) -> str:
    made = task()
    facts = {"rows": shard.rows, "machine": machine_kind(), **made.facts}
    store.write(shard.name, made.contents, **facts)
    return shard.name


def found_or_made(store: Folders, name: str, make: Task, **facts: object) -> Kept:
    """Open the folder of that name, or make it; ``facts`` are stated in its receipt."""
    if name not in store:
        made = make()
        store.write(name, made.contents, **facts, **made.facts)
    return Kept(store, name)


def ready(shard: Shard, contents: Mapping[str, Content]) -> tuple[Shard, Task]:
    """Give a shard whose work is made already, for `KeptShards.stream`."""
    return shard, lambda: Made(contents)


def state_made(state: object) -> Made:
    """Take a dataclass of arrays and numbers apart; see `Kept.state`."""
    return Made(parts_of(state))
