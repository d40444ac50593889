"""Chunks of pictures: how they are laid out for a worker, and how a worker decodes them."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.images.picture_hash import Hashes, hash_content, hash_pictures
from curate.images.preprocess import Preprocess
from curate.images.slots import Slot
from curate.images.source import MAX_BYTES, ImageSource, read
from curate.images.status import Status, Undecodable
from curate.images.worker_process import prepare_process

Decoder = Callable[[bytes, Preprocess], NDArray[np.uint8]]
Chunk = list[ImageSource | Status | None]
"""Where pictures lie, or why one is not read at all."""
Sent = Sequence[ImageSource | Status | slice | None]
"""A slice gives the place of the bytes in the slot."""

CHUNK_PICTURES = 32
"""Sources that travel to a worker at once."""
CHUNK_BYTES = 8 * 2**20
"""A chunk with this many bytes is sent, even if it has few pictures."""
SLOT_SOURCES = 2 * CHUNK_BYTES
"""Room for sources in a slot: for all of a chunk unless its last one is large."""


class Decoded(NamedTuple):
    """The next few sources' pictures."""

    statuses: list[Status]
    """One for each source, in order."""
    pictures: NDArray[np.uint8]
    """(number of ok, size, size, 3): the ok ones, in order. Nothing overwrites them."""
    hashes: Hashes | None = None
    """(number of ok,), where these were asked for."""


def joined_hashes(parts: Sequence[Hashes | None]) -> Hashes | None:
    """Put the hashes of several pieces together; None where pictures were not hashed."""
    hashed = [part for part in parts if part is not None]
    return np.concatenate(hashed) if hashed else None


def cut_chunks(sources: Iterable[ImageSource | None]) -> Iterator[Chunk]:
    """Cut sources into chunks of CHUNK_PICTURES pictures or CHUNK_BYTES bytes."""
    chunk: Chunk = []
    weight = 0
    for source in sources:
        if isinstance(source, bytes) and len(source) > MAX_BYTES:
            chunk.append(Status.TOO_LARGE)
        else:
            chunk.append(source)
            weight += bytes_of(source)
        if len(chunk) == CHUNK_PICTURES or weight >= CHUNK_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def bytes_of(source: ImageSource | Status | None) -> int:
    """Return the bytes that travel with a source."""
    return len(source) if isinstance(source, bytes) else 0


def laid_out(chunk: Chunk, slot: Slot, preprocess: Preprocess) -> Sent:
    """Write the sources' bytes into the slot, behind the pictures, and say where they are."""
    sent: list[ImageSource | Status | slice | None] = []
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
    chunk: Sent,
    slot: Slot | None,
    decoder: Decoder,
    preprocess: Preprocess,
    memory_limit: int,
    hashed: bool = False,
) -> Decoded:
    """Decode a chunk in the worker. Pictures that were written into a slot are not returned."""
    prepare_process(memory_limit)
    statuses: list[Status] = []
    contents: list[bytes] = []
    pictures = pictures_of(slot, len(chunk), preprocess)
    ok = 0
    for source in chunk:
        try:
            data = _read(source, slot)
            pictures[ok] = decoder(data, preprocess)
            contents += [hash_content(data)] if hashed else []
            statuses.append(Status.OK)
            ok += 1
        except Undecodable as error:
            statuses.append(error.status)
        except MemoryError:
            statuses.append(Status.TOO_LARGE)
    hashes = hash_pictures(pictures[:ok], contents) if hashed else None
    return Decoded(statuses, pictures[: ok if slot is None else 0], hashes)


def _read(source: ImageSource | Status | slice | None, slot: Slot | None) -> bytes:
    """Give the bytes of a source; raises `Undecodable`."""
    if source is None or isinstance(source, Status):
        raise Undecodable(source or Status.MISSING)
    if isinstance(source, slice):
        assert slot is not None
        return slot.memory[source].tobytes()
    return read(source)
