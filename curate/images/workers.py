"""Decoding in worker processes, so that a picture that kills its decoder costs one row."""

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Self

import numpy as np
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from curate.errors import CurateError
from curate.images.chunks import (
    SLOT_SOURCES,
    Chunk,
    Decoded,
    Decoder,
    Sent,
    bytes_of,
    cut_chunks,
    decode_chunk,
    joined_hashes,
    laid_out,
    pictures_bytes,
    pictures_of,
)
from curate.images.decode import decode
from curate.images.picture_hash import Hashes, no_hashes
from curate.images.preprocess import Preprocess
from curate.images.slots import Slot, Slots
from curate.images.source import ImageSource
from curate.images.status import Status
from curate.images.worker_pool import end_pool, start_pool

CHUNKS_AHEAD = 4
"""Chunks in flight for each worker: what is decoded while the caller is busy."""
AHEAD_BYTES = 256 * 2**20
"""No more chunks are sent ahead once their sources hold this many bytes."""
SLOTS_MORE = 2
"""Slots beyond the chunks in flight: for the pictures that the caller holds or just got."""
LOOK_SECONDS = 1.0
"""How often to check whether a pool that is waited for has broken."""
START_SECONDS = 60.0
"""Time that a worker may take to start, on a busy machine."""

KILLED = (-signal.SIGTERM, -getattr(signal, "SIGKILL", signal.SIGTERM))
"""Exit codes of workers that were killed from outside, as where memory runs out."""
DEATHS, KILLS = 2, 5
"""How many workers must end, or be killed, on one picture before it counts as crashed."""
POOLS_IN_VAIN = 5
"""Pools in a row that may break before anything is decoded."""

_BROKEN = (
    "The worker processes that decode pictures cannot be started or were killed; "
    "free some memory or ask for fewer workers, and run the same command again to continue."
)


@dataclass
class _Task:
    """A chunk on its way through a pool."""

    chunk: Chunk
    weight: int
    """Bytes of its sources."""
    sent: Sent
    slot: Slot | None
    pool: ProcessPool
    future: ProcessFuture[Decoded]
    deaths: int = 0
    """Workers that died of it, or while they had it."""


class DecodePool:
    """Worker processes that decode pictures; use it in a ``with`` block.

    Pictures and the bytes of their sources travel in shared memory (`Slots`); through pipes where
    there is none, or while the caller keeps so many pictures that no slot is free.
    ``memory_limit`` is in bytes, for each worker, beyond what it starts with (Linux only).
    ``timeout`` is in seconds: a picture that takes longer is given up, a chunk that does is
    decoded again picture by picture. ``decoder`` must be a function that can be pickled. With
    ``hashed``, pictures come with their hashes (`curate.images.picture_hash`).

    Workers that are killed are replaced, and what they had is decoded again: only a picture that
    takes several workers with it, one after the other, has crashed (`DEATHS`).
    """

    deaths = 0
    """Workers that died so far; of several at once, and of idle ones, not all may be counted."""

    def __init__(
        self,
        preprocess: Preprocess,
        workers: int,
        memory_limit: int = 2 * 2**30,
        timeout: float = 30.0,
        decoder: Decoder = decode,
        hashed: bool = False,
    ) -> None:
        self._decoder = decoder
        self._hashed = hashed
        self._preprocess = preprocess
        self._ahead = CHUNKS_AHEAD * workers
        self._timeout = timeout
        # For a chunk, and those before it in the queue when it is to be decoded singly.
        self._patience = START_SECONDS + (CHUNKS_AHEAD + 2) * timeout
        self._memory_limit = memory_limit
        self._slots = Slots(self._ahead + SLOTS_MORE, pictures_bytes(preprocess) + SLOT_SOURCES)
        self._workers = workers
        self._pool = self._new_pool()
        self._in_vain = 0

    def _new_pool(self) -> ProcessPool:
        return start_pool(self._workers, self._slots, preload=__name__)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        end_pool(self._pool)

    def decode(self, sources: Iterable[ImageSource | None]) -> Iterator[Decoded]:
        """Decode the pictures in order, a few at a time, while the next ones are under way.

        A source that is None gets the status missing. At most ``CHUNKS_AHEAD`` chunks for
        each worker are drawn from ``sources`` ahead of what is yielded.

        Raises `CurateError` if the worker processes cannot be started, or are killed again and
        again before they have decoded anything.
        """
        chunks = cut_chunks(sources)
        flying: deque[_Task] = deque()
        try:
            while True:
                flying.extend(map(self._send, self._next(chunks, flying)))
                if not flying:
                    return
                decoded = self._receive(flying.popleft())
                flying.extend(map(self._send, self._next(chunks, flying)))
                yield decoded
                del decoded  # The caller alone says when its slot is free.
        finally:
            for task in flying:
                task.future.cancel()  # type: ignore[no-untyped-call]

    def _next(self, chunks: Iterator[Chunk], flying: Sequence[_Task]) -> Iterator[Chunk]:
        """Draw the chunks that may be in flight beside those that are, by number and bytes."""
        count, weight = len(flying), sum(task.weight for task in flying)
        while count < self._ahead and (not count or weight < AHEAD_BYTES):
            chunk = next(chunks, None)
            if chunk is None:
                return
            count, weight = count + 1, weight + _weight(chunk)
            yield chunk

    def _send(self, chunk: Chunk) -> _Task:
        """Schedule a chunk.

        Its slot is an argument, which pebble keeps until the task is done or its worker is dead,
        cancelled or not: while somebody may write there it is not lent again.
        """
        slot = self._slots.lend()
        sent = chunk if slot is None else laid_out(chunk, slot, self._preprocess)
        return _Task(chunk, _weight(chunk), sent, slot, self._pool, self._schedule(sent, slot))

    def _schedule(self, sent: Sent, slot: Slot | None = None) -> ProcessFuture[Decoded]:
        arguments = (
            sent, slot, self._decoder, self._preprocess, self._memory_limit, self._hashed
        )  # fmt: skip
        while True:
            try:
                return self._pool.schedule(decode_chunk, args=arguments, timeout=self._timeout)
            except RuntimeError as error:
                self._replace(self._pool, error)
            except OSError as error:
                # Their locks lie in /dev/shm, their sockets in TMPDIR.
                raise CurateError(f"{_BROKEN} ({error.strerror or error})") from error

    def _again(self, task: _Task) -> None:
        task.future = self._schedule(task.sent, task.slot)
        task.pool = self._pool

    def _replace(self, pool: ProcessPool, error: Exception) -> None:
        """Put a new pool in place of one that lost a worker, and maybe a lock with it."""
        if pool is not self._pool:
            return
        self.deaths += 1
        self._in_vain += 1
        if self._in_vain > POOLS_IN_VAIN:
            raise CurateError(_BROKEN) from error
        end_pool(pool)
        self._pool = self._new_pool()

    def _receive(self, task: _Task) -> Decoded:
        while True:
            if task.pool is not self._pool and not task.future.done():
                self._again(task)
            try:
                decoded = self._result(task)
            except BrokenProcessPool as error:
                self._replace(task.pool, error)
                self._again(task)
            except (TimeoutError, ProcessExpired) as error:
                given_up = self._after(task, error)
                if given_up is not None:
                    return given_up
            else:
                self._in_vain = 0
                return decoded

    def _result(self, task: _Task) -> Decoded:
        # A worker that is killed as it takes a task loses it, and a broken pool loses the tasks
        # that it had not looked at. Pebble never reports either.
        latest = time.monotonic() + self._patience
        while not wait([task.future], LOOK_SECONDS).done:
            if not task.pool.active or time.monotonic() > latest:
                raise BrokenProcessPool
        try:
            decoded = task.future.result()
        except BrokenProcessPool as error:
            if task.pool.active:  # It is a worker's word: it could not make itself ready.
                raise CurateError(_BROKEN) from error
            raise
        except (TimeoutError, ProcessExpired):
            raise
        except Exception as error:
            if task.pool.active:
                raise
            # pebble was writing into a pipe that it closed as the pool broke.
            raise BrokenProcessPool from error
        if task.slot is None:
            return decoded
        ok = decoded.statuses.count(Status.OK)
        pictures = pictures_of(task.slot, ok, self._preprocess)
        return Decoded(decoded.statuses, pictures, decoded.hashes)

    def _after(self, task: _Task, error: TimeoutError | ProcessExpired) -> Decoded | None:
        """Decode a chunk picture by picture, or a picture once more (None), or give its status."""
        died = isinstance(error, ProcessExpired)
        # Workers that end without a signal waited for a lock that a killed worker held.
        killed = isinstance(error, ProcessExpired) and (
            error.exitcode in KILLED or error.exitcode >= 0
        )
        task.deaths += died
        if killed:
            self._replace(task.pool, error)
        else:
            self.deaths += died
        if len(task.chunk) > 1:
            return self._decode_singly(task.chunk)
        if died and task.deaths < (KILLS if killed else DEATHS):
            self._again(task)
            return None
        status = Status.CRASHED if died else Status.TIMEOUT
        return Decoded([status], pictures_of(None, 0, self._preprocess), self._no_hashes())

    def _decode_singly(self, chunk: Chunk) -> Decoded:
        tasks = [
            _Task([source], 0, [source], None, self._pool, self._schedule([source]))
            for source in chunk
        ]
        singles = [self._receive(task) for task in tasks]
        return Decoded(
            [single.statuses[0] for single in singles],
            np.concatenate([single.pictures for single in singles]),
            joined_hashes([single.hashes for single in singles]),
        )

    def _no_hashes(self) -> Hashes | None:
        return no_hashes(0) if self._hashed else None


def _weight(chunk: Chunk) -> int:
    return sum(map(bytes_of, chunk))
