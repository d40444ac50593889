"""Decoding in worker processes, so that a picture that kills its decoder costs one row."""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from curate.errors import CurateError
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.source import MAX_BYTES, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.images.worker_process import worker_context

Decoder = Callable[[bytes, Preprocess], NDArray[np.uint8]]
Chunk = list[ImageSource | None]

CHUNK_PICTURES = 32
"""Sources that travel to a worker at once."""
CHUNK_BYTES = 8 * 2**20
"""A chunk that holds as much is sent, however few its pictures."""
CHUNKS_AHEAD = 4
"""Chunks in flight for each worker: what is decoded while the caller is busy."""
START_SECONDS = 60.0
"""What a worker may take to start, on a machine that is busy."""

_BROKEN = (
    "The worker processes that decode pictures cannot be started or were killed; "
    "free some memory or ask for fewer workers, and run the same command again to continue."
)


class Decoded(NamedTuple):
    """The next few sources' pictures."""

    statuses: list[Status]
    """One for each source, in order."""
    pictures: NDArray[np.uint8]
    """(number of ok, size, size, 3): the ok ones, in order."""


class DecodePool:
    """Worker processes that decode pictures; use it in a ``with`` block.

    ``memory_limit`` is in bytes, for each worker, beyond what it starts with (Linux only).
    ``timeout`` is in seconds: a picture that takes longer is given up, a chunk that does is
    decoded again picture by picture. ``decoder`` must be a function that can be pickled.
    """

    def __init__(
        self,
        preprocess: Preprocess,
        workers: int,
        memory_limit: int = 2 * 2**30,
        timeout: float = 30.0,
        decoder: Decoder = decode,
    ) -> None:
        self._decoder = decoder
        self._preprocess = preprocess
        self._ahead = CHUNKS_AHEAD * workers
        self._timeout = timeout
        # For a chunk, and those before it in the queue when it is to be decoded singly.
        self._patience = START_SECONDS + (CHUNKS_AHEAD + 2) * timeout
        self._memory_limit = memory_limit
        self._pool = ProcessPool(max_workers=workers, context=worker_context(__name__))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def decode(self, sources: Iterable[ImageSource | None]) -> Iterator[Decoded]:
        """Decode the pictures in order, a few at a time, the next ones being under way.

        A source that is None gets the status missing. At most ``CHUNKS_AHEAD`` chunks for
        each worker are drawn from ``sources`` ahead of what is yielded.

        Raises `CurateError` if the worker processes cannot be started or the pool broke.
        """
        chunks = _chunks(sources)
        flying = deque((chunk, self._send(chunk)) for chunk in islice(chunks, self._ahead))
        try:
            while flying:
                decoded = self._receive(*flying.popleft())
                flying.extend((chunk, self._send(chunk)) for chunk in islice(chunks, 1))
                yield decoded
        finally:
            for _, future in flying:
                future.cancel()  # type: ignore[no-untyped-call]

    def _send(self, chunk: Chunk) -> ProcessFuture[Decoded]:
        arguments = (chunk, self._decoder, self._preprocess, self._memory_limit)
        try:
            return self._pool.schedule(_decode_chunk, args=arguments, timeout=self._timeout)
        except RuntimeError as error:
            raise CurateError(_BROKEN) from error

    def _receive(self, chunk: Chunk, future: ProcessFuture[Decoded]) -> Decoded:
        try:
            # A worker that is killed just as it takes a task loses it, and pebble never tells.
            return future.result(timeout=self._patience)
        except BrokenProcessPool as error:
            raise CurateError(_BROKEN) from error
        except (TimeoutError, ProcessExpired) as error:
            if len(chunk) > 1:
                return self._decode_singly(chunk)
            status = Status.TIMEOUT if isinstance(error, TimeoutError) else Status.CRASHED
            return Decoded([status], _stacked([], self._preprocess.size))

    def _decode_singly(self, chunk: Chunk) -> Decoded:
        futures = [self._send([source]) for source in chunk]
        singles = [self._receive([source], f) for source, f in zip(chunk, futures, strict=True)]
        return Decoded(
            [single.statuses[0] for single in singles],
            np.concatenate([single.pictures for single in singles]),
        )


def _chunks(sources: Iterable[ImageSource | None]) -> Iterator[Chunk]:
    chunk: Chunk = []
    weight = 0
    for source in sources:
        if isinstance(source, bytes):
            # One byte past the cap is enough to be refused; a worker could choke on all.
            source = source[: MAX_BYTES + 1]
            weight += len(source)
        chunk.append(source)
        if len(chunk) == CHUNK_PICTURES or weight >= CHUNK_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def _decode_chunk(
    chunk: Chunk, decoder: Decoder, preprocess: Preprocess, memory_limit: int
) -> Decoded:
    """Decode one after the other; what runs in the worker."""
    _limit_memory(memory_limit)
    statuses: list[Status] = []
    pictures: list[NDArray[np.uint8]] = []
    for source in chunk:
        try:
            pictures.append(_decode_source(source, decoder, preprocess))
            statuses.append(Status.OK)
        except Undecodable as error:
            statuses.append(error.status)
    return Decoded(statuses, _stacked(pictures, preprocess.size))


def _decode_source(
    source: ImageSource | None, decoder: Decoder, preprocess: Preprocess
) -> NDArray[np.uint8]:
    if source is None:
        raise Undecodable(Status.MISSING)
    try:
        return decoder(read(source), preprocess)
    except MemoryError as error:
        raise Undecodable(Status.TOO_LARGE) from error


def _stacked(pictures: list[NDArray[np.uint8]], size: int) -> NDArray[np.uint8]:
    return np.array(pictures, dtype=np.uint8).reshape(len(pictures), size, size, 3)


@cache
def _limit_memory(most: int) -> None:
    """Let this process take ``most`` bytes more, once; elsewhere than on Linux this is not heeded.

    With a worker's first chunk: of an initializer that fails pebble does not always tell.
    """
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + most
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (OSError, OverflowError, ValueError) as error:
        raise BrokenProcessPool(str(error)) from error
