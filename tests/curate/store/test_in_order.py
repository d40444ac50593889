import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from curate.store.in_order import block_threads, in_order


def test_results_come_in_order_however_long_each_takes() -> None:
    def work(number: int) -> int:
        time.sleep(0.01 if number % 3 == 0 else 0)
        return number

    assert list(in_order((partial(work, n) for n in range(20)), 4)) == list(range(20))
    assert list(in_order([], 4)) == []


def test_tasks_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[Callable[[], int]]:
        for number in range(50):
            taken.append(number)
            yield partial(int, number)

    results = in_order(tasks(), 2)
    assert next(results) == 0
    assert len(taken) <= 5


def test_a_task_that_fails_ends_it_all_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="number 3"):
        for number in in_order((partial(_fail_at_three, n) for n in range(50)), 2):
            assert number < 3
    assert threading.active_count() == before


def test_who_stops_listening_leaves_no_thread() -> None:
    before = threading.active_count()
    results = in_order((partial(int, n) for n in range(50)), 3)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def _fail_at_three(number: int) -> int:
    if number == 3:
        raise ValueError("number 3")
    return number


def test_each_worker_has_one_thread_of_blas() -> None:
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with block_threads() as count:
        assert 1 <= count <= max(before)
        assert set(threads()) == {1}
        np.ones((3, 3)) @ np.ones((3, 3))
    assert threads() == before
