"""Decoded pictures of the crawl, kept by shards, so that epochs read memory maps."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.crawl.picture_states import States, file_column, renewed_states
from curate.crawl.pictures import Mask, picture_sources
from curate.crawl.stored_features import HASHES
from curate.duplicates.same_picture import group_pictures
from curate.duplicates.votes import again
from curate.images.picture_hash import Hashes, no_hashes
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.classes import NO_CLASS
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.store.arrays import allocate, write_array
from curate.store.folders import Folders
from curate.store.run import Advance
from curate.store.step import Task, ready

BLOCK_ROWS = 512

Statuses = NDArray[np.object_]


def decode_pictures(
    manifest: Manifest,
    wanted: Sequence[tuple[Shard, Mask]],
    store: Folders,
    side: int,
    pool: DecodePool,
    files: Mapping[str, States],
    advance: Advance,
) -> Iterator[tuple[Shard, Task]]:
    """Decode these rows of these shards into uint8 (n, side, side, 3); failed rows are zeros.

    In a shard that exists already, other rows stay as they are. Pictures are written to the disk
    as they are decoded. ``files`` are kept beside them.
    """
    for shard, mask in wanted:
        statuses, states = _statuses(store, shard), files.get(shard.name)
        hashes = _hashes(store, shard)
        if shard.name in store:
            states = renewed_states(store, shard, mask, files)

        def write_pictures(
            path: Path, shard: Shard = shard, mask: Mask = mask, statuses: Statuses = statuses,
            hashes: Hashes = hashes,
        ) -> None:  # fmt: skip
            shape = (shard.rows, side, side, 3)
            pictures = np.lib.format.open_memmap(path, "w+", np.uint8, shape)
            with path.open("r+b") as file:
                allocate(file)
            if shard.name in store:
                _copy(store.array(shard.name, "pictures"), pictures)
            rows = np.flatnonzero(mask)
            for decoded in pool.decode(picture_sources(manifest, [(shard, mask)])):
                these, rows = np.split(rows, [len(decoded.statuses)])
                statuses[these] = decoded.statuses
                ok = these[statuses[these] == Status.OK]
                pictures[ok] = decoded.pictures
                hashes[these] = no_hashes(1)
                if decoded.hashes is not None:
                    hashes[ok] = decoded.hashes
                advance(len(these))
            pictures.flush()

        def write_rows(
            path: Path, statuses: Statuses = statuses, states: States | None = states
        ) -> None:
            table = pl.DataFrame({"status": statuses.astype(str)})
            table.with_columns(file_column(states)).write_parquet(path)

        def write_hashes(path: Path, hashes: Hashes = hashes) -> None:
            with path.open("wb") as file:
                write_array(file, hashes)

        # In this order: pictures are decoded as they are written.
        yield ready(
            shard,
            {
                "pictures.npy": write_pictures,
                "rows.parquet": write_rows,
                f"{HASHES}.npy": write_hashes,
            },
        )


def _statuses(store: Folders, shard: Shard) -> Statuses:
    if shard.name not in store:
        return np.full(shard.rows, Status.MISSING, object)
    return store.table(shard.name, "rows")["status"].to_numpy().astype(object)


def _hashes(store: Folders, shard: Shard) -> Hashes:
    if shard.name not in store:
        return no_hashes(shard.rows)
    return np.array(store.array(shard.name, HASHES))


def _no_features(rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Give features (m, 1) that are those of no copies."""
    return np.zeros((len(rows), 1), np.float32)


def _copy(source: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
    for start in range(0, len(source), BLOCK_ROWS):
        target[start : start + BLOCK_ROWS] = source[start : start + BLOCK_ROWS]


class StoredPictures:
    """The stored pictures of all rows, by row of the manifest."""

    def __init__(self, shards: Sequence[Shard], store: Folders) -> None:
        self.shards = shards
        self.rows = sum(shard.rows for shard in shards)
        self._store = store
        self._firsts = np.array([shard.first_row for shard in shards])
        self._maps = [store.array(shard.name, "pictures") for shard in shards]
        self.side = int(self._maps[0].shape[1])

    def statuses(self, shard: Shard) -> Statuses:
        """Give the status of each row of a shard: ok, or why it has no picture."""
        return _statuses(self._store, shard)

    def hashes(self, shard: Shard) -> Hashes:
        """Map the hashes of a shard's pictures (n,), zeros where there is none."""
        return self._store.array(shard.name, HASHES)

    def labels(self, labels: Folders) -> NDArray[np.int32]:
        """Give the labels (N,) of all rows, -1 where there is no label or no picture."""
        blocks = []
        for shard in self.shards:
            ok = self.statuses(shard) == Status.OK
            blocks.append(np.where(ok, labels.array(shard.name, "labels"), NO_CLASS))
        return np.concatenate(blocks).astype(np.int32)

    def votes(self, labels: Folders) -> NDArray[np.int32]:
        """Give the labels as `labels` does; a copy that has the label of an earlier one has none.

        Copies are told by their hashes alone, since there are no features yet.
        """
        found = self.labels(labels)
        rows = np.flatnonzero(found != NO_CLASS)
        hashes = np.concatenate([self.hashes(shard) for shard in self.shards])[rows]
        if len(rows):
            copies = again(group_pictures(hashes, _no_features), found[rows, None].astype(np.int64))
            found[rows[copies]] = NO_CLASS
        return found

    def take(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Read these rows of the manifest, in ascending order: (n, side, side, 3)."""
        owners = np.searchsorted(self._firsts, rows, side="right") - 1
        return np.concatenate(
            [
                self._maps[owner][rows[owners == owner] - self._firsts[owner]]
                for owner in np.unique(owners)
            ]
        )

    def blocks(self, shard: Shard) -> Iterator[NDArray[np.uint8]]:
        """Give the pictures of a shard in order, zeros where there is none."""
        pictures = self._maps[self.shards.index(shard)]
        for start in range(0, shard.rows, BLOCK_ROWS):
            yield pictures[start : start + BLOCK_ROWS]
