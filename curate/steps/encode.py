"""Pictures of shards through decode workers and an encoder, as one unbroken stream."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.encoders.base import Encoder
from curate.images.source import ImageSource
from curate.images.status import Status
from curate.images.workers import Decoded, DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import picture_finder
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Encoded:
    """What became of the wanted rows of a shard."""

    shard: Shard
    statuses: list[Status]
    """(n)"""
    features: NDArray[np.float32]
    """(number of ok, D), in order."""


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
    ended: deque[tuple[Shard, list[Status]]] = deque()
    batches = _batches(decoded, wanted, encoder.batch_size, ended, advance)
    blocks: list[NDArray[np.float32]] = []
    for block in encoder.encode(batches):
        blocks.append(block)
        yield from _whole(ended, blocks, encoder.dim)
    yield from _whole(ended, blocks, encoder.dim)


def picture_sources(
    manifest: Manifest, wanted: Sequence[tuple[Shard, Mask]]
) -> Iterator[ImageSource | None]:
    """Say where the picture of every wanted row lies, None where there is none."""
    columns, find = picture_finder(manifest)
    masks = {shard.name: mask for shard, mask in wanted}
    for shard, batches in read_shards(manifest, [shard for shard, _ in wanted], columns):
        at = 0
        for batch in batches:
            mask = masks[shard.name][at : at + batch.num_rows]
            yield from (source for source, want in zip(find(batch), mask, strict=True) if want)
            at += batch.num_rows


def _batches(
    decoded: Iterator[Decoded],
    wanted: Sequence[tuple[Shard, Mask]],
    batch_size: int,
    ended: deque[tuple[Shard, list[Status]]],
    advance: Callable[[int], None],
) -> Iterator[NDArray[np.uint8]]:
    """Cut the pictures into batches; each shard goes to ``ended`` when its last batch is out."""
    rest = Decoded([], np.empty((0, 0, 0, 3), np.uint8))
    for shard, mask in wanted:
        statuses: list[Status] = []
        pictures: list[NDArray[np.uint8]] = []
        rows = int(mask.sum())
        while len(statuses) < rows:
            chunk = rest if rest.statuses else next(decoded)
            chunk, rest = _split(chunk, rows - len(statuses))
            statuses += chunk.statuses
            pictures.append(chunk.pictures)
            advance(len(chunk.statuses))
            if sum(map(len, pictures)) >= batch_size:
                *full, last = _cut(np.concatenate(pictures), batch_size)
                yield from full
                pictures = [last]
        left = np.concatenate(pictures) if pictures else rest.pictures[:0]
        ended.append((shard, statuses))
        if len(left):
            yield left


def _split(chunk: Decoded, rows: int) -> tuple[Decoded, Decoded]:
    """Cut after ``rows`` sources."""
    head = chunk.statuses[:rows]
    ok = head.count(Status.OK)
    return (
        Decoded(head, chunk.pictures[:ok]),
        Decoded(chunk.statuses[rows:], chunk.pictures[ok:]),
    )


def _cut(pictures: NDArray[np.uint8], size: int) -> list[NDArray[np.uint8]]:
    """Cut into batches of ``size`` and what is left, which may be nothing."""
    full = len(pictures) // size * size
    return [*(pictures[at : at + size] for at in range(0, full, size)), pictures[full:]]


def _whole(
    ended: deque[tuple[Shard, list[Status]]], blocks: list[NDArray[np.float32]], dim: int
) -> Iterator[Encoded]:
    """Give the shards whose features have all come."""
    while ended and sum(map(len, blocks)) >= ended[0][1].count(Status.OK):
        shard, statuses = ended.popleft()
        features = np.concatenate([np.empty((0, dim), np.float32), *blocks])
        ok = statuses.count(Status.OK)
        blocks[:] = [features[ok:]]
        yield Encoded(shard, statuses, features[:ok])
