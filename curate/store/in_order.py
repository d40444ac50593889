"""Run tasks on several threads, with results in order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
MOST_THREADS = 16
"""Each thread holds a block and its products: about 100 MB, and twice that for 50,000 classes."""


@contextmanager
def block_threads() -> Iterator[int]:
    """Give the number of threads to use: as many as BLAS would (processors, or OMP_NUM_THREADS).

    Inside the block each of them has one BLAS thread, so that sums have the same bits with any
    number of threads.
    """
    blas = ThreadpoolController().select(user_api="blas")
    threads = max((pool["num_threads"] for pool in blas.info()), default=1)
    with blas.limit(limits=1):
        yield min(threads, MOST_THREADS)


def in_order(tasks: Iterable[Callable[[], T]], threads: int) -> Iterator[T]:
    """Run tasks on ``threads`` threads and give their results in order.

    Tasks are taken from the iterable as needed: at most twice as many tasks as threads are running
    or waiting.
    """
    waiting: deque[Future[T]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                waiting.append(pool.submit(task))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
