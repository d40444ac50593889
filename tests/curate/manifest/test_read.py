from pathlib import Path

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.manifest.batch_rows import BATCH_ROWS, PICTURES
from curate.manifest.open import open_manifest
from curate.manifest.plan import Shard, plan_shards, shard_size
from curate.manifest.read import read_shards
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 3 * BATCH_ROWS), min_size=1, max_size=3),
    group=st.integers(1, 2 * BATCH_ROWS),
    cut=st.integers(1, 2 * BATCH_ROWS),
    wanted=st.data(),
)
def test_shards_give_exactly_their_rows(
    tmp_path_factory, sizes: list[int], group: int, cut: int, wanted: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("crawl")
    first = 0
    shards = []
    for index, rows in enumerate(sizes):
        table = pl.DataFrame({"n": range(first, first + rows), "label": ["x"] * rows})
        table.write_parquet(folder / f"{index}.parquet", row_group_size=group)
        for start in range(0, rows, cut):
            length = min(cut, rows - start)
            shards.append(Shard(f"{index}-{start}", index, start, length, first + start))
        first += rows
    manifest = open_manifest(folder, ColumnOptions(), None, Folders(folder / "frozen"))
    chosen = [shard for shard in shards if wanted.draw(st.booleans())]
    for shard, batches in read_shards(manifest, chosen, ["n"]):
        numbers = [number for batch in batches for number in batch.column(0).to_pylist()]
        assert numbers == list(range(shard.first_row, shard.first_row + shard.rows))


def test_big_rows_come_few_at_a_time_where_they_are_asked_for(tmp_path: Path) -> None:
    megabyte = 1 << 20
    pictures = [bytes([row]) * megabyte for row in range(20)]
    table = pl.DataFrame({"image": pictures, "label": ["x"] * 20})
    table.write_parquet(tmp_path / "a.parquet", compression="uncompressed")
    manifest = open_manifest(tmp_path, ColumnOptions(), None, Folders(tmp_path / "frozen"))

    def rows_at_a_time(column: str) -> list[int]:
        shards = read_shards(manifest, plan_shards(manifest), [column])
        return [batch.num_rows for _, batches in shards for batch in batches]

    assert rows_at_a_time("image") == [7, 7, 6]
    assert rows_at_a_time("label") == [20]


def test_the_plan_covers_every_row_once_and_names_follow_content(tmp_path: Path) -> None:
    for name in ("a", "b"):
        table = pl.DataFrame({"image": [b""] * 3000, "label": ["x"] * 3000})
        table.write_parquet(tmp_path / f"{name}.parquet")
    manifest = open_manifest(tmp_path, ColumnOptions(), None, Folders(tmp_path / "frozen"))
    shards = plan_shards(manifest)
    assert [(shard.part, shard.start, shard.stop, shard.first_row) for shard in shards] == [
        (0, 0, 2048, 0),
        (0, 2048, 3000, 2048),
        (1, 0, 2048, 3000),
        (1, 2048, 3000, 5048),
    ]
    assert len({shard.name for shard in shards}) == 4
    alone = open_manifest(tmp_path / "b.parquet", ColumnOptions(), None, Folders(tmp_path / "f"))
    assert [shard.name for shard in plan_shards(alone)] == [shard.name for shard in shards[2:]]


def test_shards_grow_with_the_crawl_within_bounds() -> None:
    assert shard_size(1) == 2048
    assert shard_size(1_000_000) == 8192
    assert shard_size(100_000_000) == 65_536


def test_pictures_that_repeat_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    image = bytes(range(256)) * 40
    images = [image] * 3 * PICTURES
    for name, column in (("bytes", images), ("struct", [{"bytes": image}] * len(images))):
        folder = tmp_path / name
        folder.mkdir()
        pl.DataFrame({"image": column, "label": ["x"] * len(images)}).write_parquet(
            folder / "0.parquet"
        )
        manifest = open_manifest(folder, ColumnOptions(), None, Folders(folder / "frozen"))
        (shard,) = plan_shards(manifest)
        for columns, most in ((["image"], PICTURES), (None, PICTURES), (["label"], len(images))):
            for _, batches in read_shards(manifest, [shard], columns):
                rows = [batch.num_rows for batch in batches]
                assert (max(rows), sum(rows)) == (most, len(images))


@given(
    rows=st.lists(st.integers(0, 40), unique=True).map(sorted),
    first=st.integers(0, 40),
    count=st.integers(0, 40),
)
def test_a_shard_finds_its_rows_among_sorted_ones(rows: list[int], first: int, count: int) -> None:
    shard = Shard("a", 0, 0, count, first)
    found = np.array(rows, np.int64)[shard.among(np.array(rows, np.int64))]
    assert found.tolist() == [row for row in rows if first <= row < first + count]
