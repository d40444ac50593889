from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Self

import numpy as np
import polars as pl
import pytest

from curate.crawl.stored_blocks import GROUP_ROWS, HELD, StoredBlocks, _Joined
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from prototypes.engine.blocks import Sums
from prototypes.engine.moments import add_moments, block_moments


def test_what_an_earlier_pass_gave_lies_beside_its_block(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    features, labels = Folders(tmp_path / "features"), Folders(tmp_path / "labels")
    shards, first = [], 0
    for name, rows in (("a", BLOCK_ROWS + 5), ("b", 7)):
        status = np.where(np.arange(rows) == 3, "missing", "ok")
        x = rng.normal(size=(rows, 2)).astype(np.float16)
        features.write(name, {"features": x, "rows": pl.DataFrame({"status": status})})
        labels.write(name, {"labels": rng.integers(0, 3, rows).astype(np.int32)})
        shards.append(Shard(name, 0, first, rows, first))
        first += rows
    each = StoredBlocks(shards, StoredFeatures((features,)), labels, lambda _: None)
    sums = list(each(lambda x, y: float(x.sum())))
    assert len(sums) == 3
    again = list(each(lambda x, y, known: known == float(x.sum()) and y[3:4].tolist(), sums))
    assert again[0] == again[2] == [-1]
    assert False not in again


@pytest.mark.parametrize("threads", [1, 3])
def test_sums_come_joined_with_the_same_bits(tmp_path: Path, threads: int) -> None:
    rng, rows = np.random.default_rng(0), (7, 9, GROUP_ROWS + 5, 8)
    features, labels = Folders(tmp_path / "features"), Folders(tmp_path / "labels")
    x, y = rng.normal(size=(sum(rows), 3)), rng.integers(-1, 40, sum(rows)).astype(np.int32)
    x, first, shards = x.astype(np.float16), 0, []
    for name, count in zip("abcd", rows, strict=True):
        part = slice(first, first + count)
        known = pl.DataFrame({"status": ["ok"] * count})
        features.write(name, {"features": x[part], "rows": known})
        labels.write(name, {"labels": y[part]})
        shards.append(Shard(name, 0, first, count, first))
        first += count
    each = StoredBlocks(shards, StoredFeatures((features,)), labels, lambda _: None, threads)
    of_groups = list(each(partial(block_moments, classes=40)))
    assert len(of_groups) == 3
    found, expected = add_moments(of_groups), add_moments([block_moments(x, y, 40)])
    assert np.allclose(found.second, expected.second, rtol=1e-5)
    assert np.allclose(found.by_class.total, expected.by_class.total, atol=1e-2)
    assert np.array_equal(found.by_class.weight, expected.by_class.weight)
    alone = add_moments(replace(each, threads=1)(partial(block_moments, classes=40)))
    assert np.array_equal(found.second, alone.second)
    assert np.array_equal(found.by_class.total, alone.by_class.total)


@dataclass(frozen=True)
class Numbers(Sums):
    """Says which blocks were joined, and how many at most at once."""

    of: tuple[int, ...]
    at_once: int = 0

    def joined(self, others: Sequence[Self]) -> Self:
        of = sum((other.of for other in others), self.of)
        return replace(self, of=of, at_once=max(self.at_once, len(others)))


def test_sums_are_joined_in_order_a_few_at_once_whatever_comes_first() -> None:
    for blocks in (1, HELD, 5 * HELD + 3):
        order = list(range(blocks))
        for seed in range(5):
            joined = _Joined[Numbers](blocks)
            *none, found = (joined.take(number, Numbers((number,))) for number in order)
            assert not any(none) and found is not None and found.of == tuple(range(blocks))
            assert seed or found.at_once <= HELD
            Random(seed).shuffle(order)
