"""The shard plan: which rows are processed together, fixed for the life of a run."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray

from curate.manifest.manifest import Manifest
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.store.step import Made, Step

SMALLEST_SHARD = 2_048
LARGEST_SHARD = 65_536
SHARDS_WANTED = 128


@dataclass(frozen=True)
class Shard:
    """Rows [start, start + rows) of a part, named by the content that they hold."""

    name: str
    part: int
    start: int
    rows: int
    first_row: int
    """Of the whole manifest, counted from 0."""

    @property
    def stop(self) -> int:
        """The row of the part after the last."""
        return self.start + self.rows

    def among(self, rows: NDArray[np.integer]) -> slice:
        """Find this shard's rows among ``rows`` (m,) of the whole manifest, which are sorted."""
        bounds = np.searchsorted(rows, (self.first_row, self.first_row + self.rows))
        return slice(*bounds.tolist())


PLAN = Step("plan", code=())
"""No code is part of it: a plan is kept for the life of a run, and any covers every row once."""


def freeze_plan(manifest: Manifest, store: Folders) -> tuple[Shard, ...]:
    """Plan once for these files; later runs keep to the stored plan."""

    def plan() -> Made:
        return Made({"shards": pl.DataFrame([asdict(shard) for shard in plan_shards(manifest)])})

    return stored_plan(store, PLAN.once_in(store, _facts(manifest), plan).name)


def plan_name(manifest: Manifest) -> str:
    """Name the plan of these files."""
    return PLAN.named(_facts(manifest))


def _facts(manifest: Manifest) -> dict[str, object]:
    return {"parts": [part.identity for part in manifest.parts]}


def stored_plan(store: Folders, name: str) -> tuple[Shard, ...]:
    """Load the plan of that name."""
    return tuple(Shard(**row) for row in store.table(name, "shards").iter_rows(named=True))


def plan_shards(manifest: Manifest) -> tuple[Shard, ...]:
    """Cut every part into shards that are small enough that losing one loses little.

    The same rows of the same file get the same name, so that a grown folder keeps its features.
    """
    size = shard_size(manifest.rows)
    shards = []
    first_row = 0
    for index, part in enumerate(manifest.parts):
        for start in range(0, part.rows, size):
            rows = min(size, part.rows - start)
            name = fingerprint(part=part.identity, start=start, rows=rows)
            shards.append(Shard(name, index, start, rows, first_row + start))
        first_row += part.rows
    return tuple(shards)


def within(shards: Iterable[Shard], first_row: int, stop: int) -> list[Shard]:
    """Cut off what of shards is before a row of the manifest, or not before ``stop``."""
    cut = []
    for shard in shards:
        first, last = max(shard.first_row, first_row), min(shard.first_row + shard.rows, stop)
        start = shard.start + first - shard.first_row
        if first < last:
            cut.append(replace(shard, start=start, rows=last - first, first_row=first))
    return cut


def shards_of(rows: int) -> tuple[Shard, ...]:
    """Cut the rows of one file into shards, named by where they begin."""
    size = shard_size(rows)
    starts = range(0, rows, size)
    return tuple(Shard(str(at), 0, at, min(size, rows - at), at) for at in starts)


def row_groups(manifest: Manifest) -> list[Shard]:
    """Cut every part at its row groups, which can each be read alone without waste."""
    groups: list[Shard] = []
    first_row = 0
    for index, part in enumerate(manifest.parts):
        metadata, start = pq.read_metadata(part.open()), 0
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            groups.append(Shard(f"{index}-{group}", index, start, rows, first_row + start))
            start += rows
        first_row += part.rows
    return groups


def shard_size(rows: int) -> int:
    """Choose the power of two that gives about ``SHARDS_WANTED`` shards, within the bounds."""
    wanted = max(1, rows // SHARDS_WANTED)
    return min(LARGEST_SHARD, max(SMALLEST_SHARD, 1 << (wanted - 1).bit_length()))
