"""Work on several items at a time, with results in their order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import ThreadpoolController

T = TypeVar("T")
MOST_THREADS = 16
"""Each holds a block and its products: some 100 MB, and with 50,000 classes twice that."""


@contextmanager
def block_threads() -> Iterator[int]:
    """Say how many threads are to work: as many as BLAS would (processors, or OMP_NUM_THREADS).

    For the length of the block each of them has one thread of BLAS, so that sums have the same
    bits whatever the number of threads.
    """
    blas = ThreadpoolController().select(user_api="blas")
    threads = max((pool["num_threads"] for pool in blas.info()), default=1)
    with blas.limit(limits=1):
        yield min(threads, MOST_THREADS)


def in_order(tasks: Iterable[Callable[[], T]], threads: int) -> Iterator[T]:
    """Run tasks on so many threads and give their results in order.

    Tasks are taken from the iterable as they are needed: as many again as there are threads wait
    at most.
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
