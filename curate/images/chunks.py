"""Chunks of pictures: how they are laid out for a worker, and what it makes of them."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.images.preprocess import Preprocess
from curate.images.slots import Slot
from curate.images.source import MAX_BYTES, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.images.worker_process import prepare_process

Decoder = Callable[[bytes, Preprocess], NDArray[np.uint8]]
Chunk = list[ImageSource | None]
Sent = Sequence[ImageSource | slice | None]
"""A slice says where in the slot the bytes are."""

CHUNK_PICTURES = 32
"""Sources that travel to a worker at once."""
CHUNK_BYTES = 8 * 2**20
"""A chunk that holds as much is sent, however few its pictures."""
SLOT_SOURCES = 2 * CHUNK_BYTES
"""Room for sources in a slot: for all of a chunk unless its last one is large."""


class Decoded(NamedTuple):
    """The next few sources' pictures."""

    statuses: list[Status]
    """One for each source, in order."""
    pictures: NDArray[np.uint8]
    """(number of ok, size, size, 3): the ok ones, in order. They stay as they are."""


def cut_chunks(sources: Iterable[ImageSource | None]) -> Iterator[Chunk]:
    """Cut sources into chunks of so many pictures or bytes."""
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


def laid_out(chunk: Chunk, slot: Slot, preprocess: Preprocess) -> Sent:
    """Write the sources' bytes into the slot, behind the pictures, and say where they are."""
    sent: list[ImageSource | slice | None] = []
    room = slot.memory.data
    end = pictures_bytes(preprocess)
    for source in chunk:
        if isinstance(source, bytes) and end + len(source) <= len(room):
            start, end = end, end + len(source)
            room[start:end] = source
            sent.append(slice(start, end))
        else:
            sent.append(source)
    return sent


def pictures_bytes(preprocess: Preprocess) -> int:
    """Return the bytes that a chunk's pictures take, decoded."""
    return CHUNK_PICTURES * preprocess.size**2 * 3


def pictures_of(slot: Slot | None, count: int, preprocess: Preprocess) -> NDArray[np.uint8]:
    """Return the first ``count`` pictures of a slot, or new ones."""
    shape = (count, preprocess.size, preprocess.size, 3)
    if slot is None:
        return np.empty(shape, np.uint8)
    return slot.memory[: math.prod(shape)].reshape(shape)


def decode_chunk(
    chunk: Sent, slot: Slot | None, decoder: Decoder, preprocess: Preprocess, memory_limit: int
) -> Decoded:
    """Decode one after the other; what runs in the worker. Returns no pictures if in a slot."""
    prepare_process(memory_limit)
    statuses: list[Status] = []
    pictures = pictures_of(slot, len(chunk), preprocess)
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
