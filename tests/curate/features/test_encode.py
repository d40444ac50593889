"""The stream from pictures to features: batches, shards and failures never mix up rows."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.features.encode import encode_shards
from curate.images.chunks import Decoded
from curate.images.picture_hash import no_hashes
from curate.images.preprocess import Preprocess
from curate.images.status import Status
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.plan import Shard
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders

ROWS = 40


class FakePool:
    """Decodes a number n into a picture of n's; multiples of 7 fail.

    What it has given it overwrites, so that batches must hold copies made by then.
    """

    def __init__(self, chunk: int) -> None:
        self.chunk = chunk

    def decode(self, sources: Iterable[Any]) -> Iterator[Decoded]:
        rows = [int(source) for source in sources]
        for start in range(0, len(rows), self.chunk):
            part = rows[start : start + self.chunk]
            statuses = [Status.TRUNCATED if n % 7 == 0 else Status.OK for n in part]
            good = [np.full((2, 2, 3), n, np.uint8) for n in part if n % 7]
            pictures = np.stack(good) if good else np.empty((0, 2, 2, 3), np.uint8)
            hashes = no_hashes(len(good))
            hashes["content"][:, 0] = [n for n in part if n % 7]
            yield Decoded(statuses, pictures, hashes)
            pictures[:] = 255


class FakeEncoder:
    """Gives a picture's first byte as its feature, one batch late as a GPU encoder does."""

    fingerprint, preprocess, dim = "fake", Preprocess(2), 1

    def __init__(self, batch_size: int) -> None:
        self.batch_size = batch_size
        self.batches: list[list[int]] = []

    def encode(self, batches: Iterable[Any]) -> Iterator[Any]:
        waiting = None
        for batch in batches:
            self.batches.append(batch[:, 0, 0, 0].tolist())
            if waiting is not None:
                yield waiting
            waiting = batch[:, 0, 0, :1].astype(np.float32)
        if waiting is not None:
            yield waiting


def numbered(folder: Path) -> Manifest:
    images = [str(n).encode() for n in range(ROWS)]
    table = pl.DataFrame({"image": images, "label": ["x"] * ROWS})
    table.write_parquet(folder / "crawl.parquet")
    return open_manifest(folder / "crawl.parquet", ColumnOptions(), None, Folders(folder / "run"))


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5).filter(lambda s: sum(s) <= ROWS),
    chunk=st.integers(1, 9),
    batch_size=st.integers(1, 9),
    data=st.data(),
)
def test_every_wanted_row_gets_its_own_feature_and_batches_end_with_their_shard(
    tmp_path_factory: Any, sizes: list[int], chunk: int, batch_size: int, data: st.DataObject
) -> None:
    manifest = numbered(tmp_path_factory.mktemp("crawl"))
    wanted, first = [], 0
    for size in sizes:
        mask = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
        wanted.append((Shard(str(first), 0, first, size, first), mask))
        first += size
    encoder, counted = FakeEncoder(batch_size), []
    found = list(encode_shards(manifest, wanted, encoder, FakePool(chunk), counted.append))

    assert [encoded.shard for encoded in found] == [shard for shard, _ in wanted]
    for encoded, (shard, mask) in zip(found, wanted, strict=True):
        rows = shard.start + np.flatnonzero(mask)
        assert encoded.statuses == [Status.TRUNCATED if n % 7 == 0 else Status.OK for n in rows]
        assert encoded.features[:, 0].tolist() == [n for n in rows if n % 7]
        if len(rows):
            assert encoded.hashes is not None
            assert encoded.hashes["content"][:, 0].tolist() == [n for n in rows if n % 7]
    assert sum(counted) == sum(int(mask.sum()) for _, mask in wanted)
    for batch in encoder.batches:
        assert 0 < len(batch) <= batch_size
        assert len({shard.name for shard, _ in wanted if shard.start <= batch[0] < shard.stop
                    and batch[-1] < shard.stop}) == 1  # fmt: skip
