"""Decoding in worker processes, so that a picture that kills its decoder costs one row."""

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from curate.errors import CurateError
from curate.images.decode import decode
from curate.images.preprocess import Preprocess
from curate.images.slots import Slot, Slots, attach
from curate.images.source import MAX_BYTES, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.images.worker_process import prepare_process, worker_context

Decoder = Callable[[bytes, Preprocess], NDArray[np.uint8]]
Chunk = list[ImageSource | None]
Sent = Sequence[ImageSource | slice | None]
"""A slice says where in the slot the bytes are."""

CHUNK_PICTURES = 32
"""Sources that travel to a worker at once."""
CHUNK_BYTES = 8 * 2**20
"""A chunk that holds as much is sent, however few its pictures."""
CHUNKS_AHEAD = 4
"""Chunks in flight for each worker: what is decoded while the caller is busy."""
SLOT_SOURCES = 2 * CHUNK_BYTES
"""Room for sources in a slot: for all of a chunk unless its last one is large."""
SLOTS_MORE = 2
"""Slots beyond the chunks in flight: for what the caller has, and what has just come."""
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
    """(number of ok, size, size, 3): the ok ones, in order. They stay as they are."""


Flying = tuple[Chunk, Slot | None, ProcessFuture[Decoded]]


class DecodePool:
    """Worker processes that decode pictures; use it in a ``with`` block.

    Pictures and the bytes of their sources travel in shared memory (`Slots`); through pipes where
    there is none, or while the caller keeps so many pictures that no slot is free.
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
        self._slots = Slots(self._ahead + SLOTS_MORE, _pictures_bytes(preprocess) + SLOT_SOURCES)
        self._pool = ProcessPool(
            max_workers=workers,
            context=worker_context(__name__),
            initializer=attach,
            initargs=(self._slots.arena,),
        )

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
        flying = deque(self._send(chunk) for chunk in islice(chunks, self._ahead))
        try:
            while flying:
                decoded = self._receive(*flying.popleft())
                flying.extend(self._send(chunk) for chunk in islice(chunks, 1))
                yield decoded
                del decoded  # The caller alone says when its slot is free.
        finally:
            for _, _, future in flying:
                future.cancel()  # type: ignore[no-untyped-call]

    def _send(self, chunk: Chunk) -> Flying:
        """Schedule a chunk.

        Its slot is an argument, which pebble keeps until the task is done or its worker is dead,
        cancelled or not: while somebody may write there it is not lent again.
        """
        slot = self._slots.lend()
        sent = chunk if slot is None else _laid_out(chunk, slot, self._preprocess)
        return chunk, slot, self._schedule(sent, slot)

    def _schedule(self, chunk: Sent, slot: Slot | None = None) -> ProcessFuture[Decoded]:
        arguments = (chunk, slot, self._decoder, self._preprocess, self._memory_limit)
        try:
            return self._pool.schedule(_decode_chunk, args=arguments, timeout=self._timeout)
        except RuntimeError as error:
            raise CurateError(_BROKEN) from error

    def _receive(self, chunk: Chunk, slot: Slot | None, future: ProcessFuture[Decoded]) -> Decoded:
        try:
            # A worker that is killed just as it takes a task loses it, and pebble never tells.
            decoded = future.result(timeout=self._patience)
        except BrokenProcessPool as error:
            raise CurateError(_BROKEN) from error
        except (TimeoutError, ProcessExpired) as error:
            if len(chunk) > 1:
                return self._decode_singly(chunk)
            status = Status.TIMEOUT if isinstance(error, TimeoutError) else Status.CRASHED
            return Decoded([status], _pictures(None, 0, self._preprocess))
        if slot is None:
            return decoded
        ok = decoded.statuses.count(Status.OK)
        return Decoded(decoded.statuses, _pictures(slot, ok, self._preprocess))

    def _decode_singly(self, chunk: Chunk) -> Decoded:
        futures = [self._schedule([source]) for source in chunk]
        singles = [
            self._receive([source], None, future)
            for source, future in zip(chunk, futures, strict=True)
        ]
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


def _laid_out(chunk: Chunk, slot: Slot, preprocess: Preprocess) -> Sent:
    """Write the sources' bytes into the slot, behind the pictures, and say where they are."""
    sent: list[ImageSource | slice | None] = []
    room = slot.memory.data
    end = _pictures_bytes(preprocess)
    for source in chunk:
        if isinstance(source, bytes) and end + len(source) <= len(room):
            start, end = end, end + len(source)
            room[start:end] = source
            sent.append(slice(start, end))
        else:
            sent.append(source)
    return sent


def _pictures_bytes(preprocess: Preprocess) -> int:
    return CHUNK_PICTURES * preprocess.size**2 * 3


def _pictures(slot: Slot | None, count: int, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Return the first ``count`` pictures of a slot, or new ones."""
    shape = (count, preprocess.size, preprocess.size, 3)
    if slot is None:
        return np.empty(shape, np.uint8)
    return slot.memory[: math.prod(shape)].reshape(shape)


def _decode_chunk(
    chunk: Sent, slot: Slot | None, decoder: Decoder, preprocess: Preprocess, memory_limit: int
) -> Decoded:
    """Decode one after the other; what runs in the worker. Returns no pictures if in a slot."""
    prepare_process(memory_limit)
    statuses: list[Status] = []
    pictures = _pictures(slot, len(chunk), preprocess)
    ok = 0
    for source in chunk:
        try:
            pictures[ok] = _decode_source(source, slot, decoder, preprocess)
            statuses.append(Status.OK)
            ok += 1
        except Undecodable as error:
            statuses.append(error.status)
    return Decoded(statuses, pictures[: ok if slot is None else 0])


def _decode_source(
    source: ImageSource | slice | None,
    slot: Slot | None,
    decoder: Decoder,
    preprocess: Preprocess,
) -> NDArray[np.uint8]:
    if source is None:
        raise Undecodable(Status.MISSING)
    try:
        if isinstance(source, slice):
            assert slot is not None
            source = slot.memory[source].tobytes()
        return decoder(read(source), preprocess)
    except MemoryError as error:
        raise Undecodable(Status.TOO_LARGE) from error
