"""Pictures of shards through decode workers and an encoder, as one unbroken stream."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.crawl.pictures import Mask, picture_sources
from curate.encoders.base import Encoder
from curate.images.chunks import Decoded, joined_hashes
from curate.images.picture_hash import Hashes
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard


@dataclass(frozen=True)
class Encoded:
    """What became of the wanted rows of a shard."""

    shard: Shard
    statuses: list[Status]
    """(n)"""
    features: NDArray[np.float32]
    """(number of ok, D), in order."""
    hashes: Hashes | None = None
    """(number of ok,), in order; None where the pool makes none."""


class _Ended(NamedTuple):
    """A shard whose last picture is on its way through the encoder."""

    shard: Shard
    statuses: list[Status]
    hashes: Hashes | None


def encode_shards(
    manifest: Manifest,
    wanted: Sequence[tuple[Shard, Mask]],
    encoder: Encoder,
    pool: DecodePool,
    advance: Callable[[int], None],
) -> Iterator[Encoded]:
    """Encode the rows that each shard's mask wants; shards come out in order.

    Decoding runs ahead over the ends of shards. A batch never reaches over one, so that a shard's
    features do not depend on where a run was interrupted.
    """
    decoded = pool.decode(picture_sources(manifest, wanted))
    ended: deque[_Ended] = deque()
    batches = _batches(decoded, wanted, encoder.batch_size, ended, advance)
    blocks: list[NDArray[np.float32]] = []
    for block in encoder.encode(batches):
        blocks.append(block)
        yield from _whole(ended, blocks, encoder.dim)
    yield from _whole(ended, blocks, encoder.dim)


def _batches(
    decoded: Iterator[Decoded],
    wanted: Sequence[tuple[Shard, Mask]],
    batch_size: int,
    ended: deque[_Ended],
    advance: Callable[[int], None],
) -> Iterator[NDArray[np.uint8]]:
    """Cut the pictures into batches; each shard goes to ``ended`` when its last batch is out."""
    rest = Decoded([], np.empty((0, 0, 0, 3), np.uint8))
    for shard, mask in wanted:
        statuses: list[Status] = []
        hashes: list[Hashes | None] = []
        batch = _Batch(batch_size)
        rows = int(mask.sum())
        while len(statuses) < rows:
            chunk = rest if rest.statuses else next(decoded)
            chunk, rest = _split(chunk, rows - len(statuses))
            statuses += chunk.statuses
            hashes.append(chunk.hashes)
            advance(len(chunk.statuses))
            yield from batch.fill(chunk.pictures)
        ended.append(_Ended(shard, statuses, joined_hashes(hashes)))
        if batch.filled:
            yield batch.pictures[: batch.filled]


class _Batch:
    """Pictures copied to where they stay, a batch at a time."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.filled = 0
        self.pictures = np.empty((0, 0, 0, 3), np.uint8)

    def fill(self, pictures: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
        """Add pictures, and give each batch that is full."""
        while len(pictures):
            if not self.filled:
                self.pictures = np.empty((self.size, *pictures.shape[1:]), np.uint8)
            more = pictures[: self.size - self.filled]
            self.pictures[self.filled : self.filled + len(more)] = more
            pictures = pictures[len(more) :]
            self.filled = (self.filled + len(more)) % self.size
            if not self.filled:
                yield self.pictures


def _split(chunk: Decoded, rows: int) -> tuple[Decoded, Decoded]:
    """Cut after ``rows`` sources."""
    head = chunk.statuses[:rows]
    ok = head.count(Status.OK)
    hashes = chunk.hashes
    return (
        Decoded(head, chunk.pictures[:ok], None if hashes is None else hashes[:ok]),
        Decoded(
            chunk.statuses[rows:], chunk.pictures[ok:], None if hashes is None else hashes[ok:]
        ),
    )


def _whole(ended: deque[_Ended], blocks: list[NDArray[np.float32]], dim: int) -> Iterator[Encoded]:
    """Give the shards whose features have all come."""
    while ended and sum(map(len, blocks)) >= ended[0].statuses.count(Status.OK):
        shard, statuses, hashes = ended.popleft()
        features = np.concatenate([np.empty((0, dim), np.float32), *blocks])
        ok = statuses.count(Status.OK)
        blocks[:] = [features[ok:]]
        yield Encoded(shard, statuses, features[:ok], hashes)
