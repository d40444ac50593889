"""Tasks here: in order, on threads, from one piece of work; and what travels to other processes."""

import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import StoredFeatures, made_features
from curate.manifest.plan import Shard
from curate.store.engine import HERE, Count, stateless, uncounted
from curate.store.folders import Folders
from curate.store.run import Run
from curate.store.step import Made, Step

T = TypeVar("T")
STEP = Step("numbers", code=("curate.errors",))
SHARD = Shard("a", 0, 0, 3, 0)


def squares(items: Iterable[int], advance: Count) -> Iterator[Callable[[], int]]:
    def square(item: int) -> int:
        advance(1)
        return item * item

    for item in items:
        yield partial(square, item)


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_order_and_are_counted(threads: int) -> None:
    counted: list[int] = []
    found = HERE.run(stateless(squares), range(20), counted.append, threads)
    assert list(found) == [item * item for item in range(20)]
    assert len(counted) == 20


def test_what_is_opened_is_closed_also_where_nobody_wants_the_rest() -> None:
    said = []

    @contextmanager
    def opening() -> Iterator[Callable[..., Iterator[Callable[[], int]]]]:
        said.append("opened")
        try:
            yield squares
        finally:
            said.append("closed")

    found = HERE.run(opening, range(9), uncounted)
    assert next(found) == 0 and said == ["opened"]
    found.close()  # type: ignore[attr-defined]
    assert said == ["opened", "closed"]


def travelled(thing: T) -> T:
    found: T = pickle.loads(pickle.dumps(thing))
    return found


def test_folders_are_one_object_in_another_process_and_verified_stays_verified(
    tmp_path: Path,
) -> None:
    folders = Folders(tmp_path)
    folders.write("a", {"x": np.arange(4)})
    first, second = travelled(folders), travelled(folders)
    assert first is second is not folders
    (tmp_path / "a" / "x.npy").write_bytes((tmp_path / "a" / "x.npy").read_bytes() + b"more")
    assert first.array("a", "x").tolist() == [0, 1, 2, 3]


def test_kept_shards_and_runs_travel_without_progress(tmp_path: Path) -> None:
    run = Run(tmp_path, lambda _title, _total: nullcontext(uncounted))
    kept = travelled(STEP.by_shard(run, {"k": 1}))
    kept.make([SHARD], lambda shard: Made({"x": np.zeros(shard.rows)}))
    assert SHARD.name in kept.store
    assert travelled(run).folder == tmp_path


def test_blocks_travel_as_places(tmp_path: Path) -> None:
    features, labels = Folders(tmp_path / "x"), Folders(tmp_path / "labels")
    x = np.eye(3, dtype=np.float16)
    made = made_features(x, np.full(3, "ok", object))
    features.write("a", made.contents)
    labels.write("a", {"labels": np.array([0, 1, -1], np.int32)})
    blocks = StoredBlocks([SHARD], StoredFeatures((features,)), labels, lambda _: None)
    (sums,) = blocks(lambda g, given: (g.sum(), given.tolist()))
    (again,) = travelled(blocks)(lambda g, given: (g.sum(), given.tolist()))
    assert sums == again == (3.0, [0, 1, -1])
    assert travelled(blocks).features is travelled(blocks).features
