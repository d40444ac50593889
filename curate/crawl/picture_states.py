"""Whether the files of pictures are what they were: size and time of change, as one number."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console

from curate.manifest.columns import is_text
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import has_paths
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.folders import Folders
from curate.store.in_order import in_order
from curate.store.mirror import look_in
from curate.store.urls import is_remote
from curate.terminal.notices import warn

FILE = "file"
"""The column of a shard's table of rows that keeps these numbers."""
NO_FILE = 0
THREADS = 16
"""Files on a network answer late, and many at a time."""
ODD = 0x9E3779B97F4A7C15
"""Times a time of change modulo 2^64, another number for every time."""

States = NDArray[np.uint64]
Mask = NDArray[np.bool_]


def picture_states(manifest: Manifest, shards: Sequence[Shard]) -> dict[str, States]:
    """Look at the picture's file of every row: a number (n,) by shard, 0 where there is no file.

    Another number: another file. Nothing is given for pictures in the manifest itself or in tars,
    whose change is one of the manifest. Ask before the pictures are read.
    """
    column = _path_column(manifest)
    if column is None:
        return {}
    look = _Look() if is_remote(manifest.root) else None
    tasks = (
        partial(_states, str(manifest.root), shard.name, batch, look)
        for shard, batches in read_shards(manifest, shards, [column])
        for batch in batches
    )
    found: dict[str, list[States]] = {shard.name: [] for shard in shards}
    for shard_name, states in in_order(tasks, THREADS):
        found[shard_name].append(states)
    return {name: np.concatenate(states) for name, states in found.items()}


def changed_rows(
    shards: Sequence[Shard], store: Folders, states: Mapping[str, States], console: Console
) -> list[tuple[Shard, Mask]]:
    """List finished shards with rows whose file is another one than was read, and those rows.

    Rows whose file is gone keep what was made of it. Both are said.
    """
    finished = [shard for shard in shards if shard.name in states and shard.name in store]
    before = [kept_states(store, shard) for shard in finished]
    now = [states[shard.name] for shard in finished]
    masks = [(a != b) & (b != NO_FILE) for a, b in zip(before, now, strict=True)]
    gone = [(a != NO_FILE) & (b == NO_FILE) for a, b in zip(before, now, strict=True)]
    _say(console, masks, "Changed", "other files than were read; they are read again")
    _say(console, gone, "Gone", "no longer there; what was made of them is used")
    return [(shard, mask) for shard, mask in zip(finished, masks, strict=True) if mask.any()]


def kept_states(store: Folders, shard: Shard) -> States:
    """Return the numbers (n,) of the files that a finished shard was made from."""
    return store.table(shard.name, "rows")[FILE].to_numpy()


def renewed_states(
    store: Folders, shard: Shard, mask: Mask, states: Mapping[str, States]
) -> States | None:
    """Return what a shard's files are when the rows of a mask (n,) have been read again."""
    if shard.name not in states:
        return None
    return np.where(mask, states[shard.name], kept_states(store, shard))


def file_column(states: States | None) -> list[pl.Series]:
    """Give the column that keeps the numbers (n,); none where pictures are no files."""
    return [] if states is None else [pl.Series(FILE, states, pl.UInt64)]


def _say(console: Console, masks: Sequence[Mask], title: str, what: str) -> None:
    count = sum(int(mask.sum()) for mask in masks)
    if count:
        rows = sum(map(len, masks))
        warn(console, title, f"{count:,} of {rows:,} pictures are {what}.")


def _path_column(manifest: Manifest) -> str | None:
    """Name the column of paths; of a struct of bytes and path the field, without the bytes."""
    image = manifest.columns.image
    if image is None or manifest.in_tars or not has_paths(manifest):
        return None
    return image if is_text(manifest.schema.field(image).type) else f"{image}.path"


class _Look:
    """Sees what a store has in the folders of pictures, in each once."""

    def __init__(self) -> None:
        self._lock, self._seen = Lock(), set[str]()

    def at(self, paths: Iterable[str]) -> None:
        """Look at the folders of these paths."""
        folders = {os.path.dirname(path) for path in paths}  # noqa: PTH120
        with self._lock:
            for folder in sorted(folders - self._seen):
                look_in(Path(folder))
            self._seen |= folders


def _states(root: str, shard: str, batch: pa.RecordBatch, look: _Look | None) -> tuple[str, States]:
    column = batch.column(0)
    if pa.types.is_struct(column.type):
        column = column.field("path")
    paths = column.to_pylist()
    if look is not None:
        look.at(os.path.join(root, path) for path in paths if path)  # noqa: PTH118
    return shard, np.fromiter(_numbers(root, paths), np.uint64, len(paths))


def _numbers(root: str, paths: list[str | None]) -> Iterator[int]:
    for path in paths:
        try:
            stat = os.stat(os.path.join(root, path)) if path else None  # noqa: PTH116, PTH118
        # A path from a manifest may hold a null byte: ValueError.
        except (OSError, ValueError):
            stat = None
        yield NO_FILE if stat is None else _number(stat)


def _number(stat: os.stat_result) -> int:
    return (stat.st_mtime_ns * ODD + stat.st_size) % 2**64 or 1
