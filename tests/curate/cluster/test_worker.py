"""A worker keeps its work open between items, and answers with what went wrong."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from curate.cluster.worker import Failed, Results, Worker
from curate.errors import CurateError
from curate.store.engine import Count

SAID: list[str] = []


def halves(items: Iterable[Any], advance: Count) -> Iterator[Callable[[], Any]]:
    for item in items:
        advance(1)
        yield partial(np.floor_divide, item, 2)


@contextmanager
def opening(name: str) -> Iterator[Callable[..., Any]]:
    SAID.append(f"open {name}")
    yield halves
    SAID.append(f"close {name}")


def failing(kind: type[Exception]) -> Any:
    raise kind("no")


def packed(name: str) -> bytes:
    return pickle.dumps(partial(opening, name))


def test_work_stays_open_until_other_work_comes() -> None:
    SAID.clear()
    worker = Worker()
    for name, item in (("a", 4), ("a", 6), ("b", np.arange(6))):
        found = worker.run(name, partial(packed, name), pickle.dumps([item]))
        assert isinstance(found, Results) and found.counted == 1
    assert SAID == ["open a", "close a", "open b"]
    (array,) = found.values
    assert array.tolist() == [0, 0, 1, 1, 2, 2] and array.flags.writeable
    worker.close()
    assert SAID[-1] == "close b"


def test_a_worker_lacks_modules_that_nobody_asks_for() -> None:
    worker = Worker(modules=["curate.needs_a_library_of_the_driver", "curate.errors"])
    found = worker.run("a", partial(packed, "a"), pickle.dumps([4]))
    assert isinstance(found, Results) and found.counted == 1


def test_what_goes_wrong_is_answered() -> None:
    worker = Worker()
    mendable, ours = (
        worker.run("a", lambda kind=kind: pickle.dumps(partial(failing, kind)), pickle.dumps([1]))
        for kind in (CurateError, ValueError)
    )
    assert isinstance(mendable, Failed) and isinstance(ours, Failed)
    assert (mendable.sentence, mendable.mendable, ours.mendable) == ("no", True, False)
    assert "failing" in ours.trace
