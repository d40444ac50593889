from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest
from curate.manifest.plan import plan_shards
from curate.manifest.read import read_shards
from curate.manifest.shared_schema import unify
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders


def opened(tmp_path: Path, *tables: pa.Table) -> Manifest:
    folder = tmp_path / "crawl"
    folder.mkdir(exist_ok=True)
    for number, table in enumerate(tables):
        pq.write_table(table, folder / f"{number}.parquet")
    return open_manifest(folder, ColumnOptions(), None, Folders(tmp_path / "frozen"))


def rows(manifest: Manifest, columns: list[str] | None = None) -> list[dict[str, Any]]:
    batches = [
        batch
        for _, batches in read_shards(manifest, plan_shards(manifest), columns)
        for batch in batches
    ]
    return pa.Table.from_batches(batches).to_pylist()


LABEL = pa.array(["a", "b"])
MAP, WIDE_MAP = pa.map_(pa.string(), pa.int32()), pa.map_(pa.string(), pa.int64())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.nulls(2), pa.array(["x", None])),
        (pa.array(["x", None]), pa.nulls(2)),
        (pa.array(["x", "y"]), pa.array(["x", "z"], pa.large_string())),
        (pa.array(["x", "y"]), pa.array(["x", "z"]).dictionary_encode()),
        (pa.array([1, 2], pa.int8()), pa.array([1, 2**40])),
        (pa.array([1, 2], pa.uint8()), pa.array([-1, 2], pa.int32())),
        (pa.array([1, 2]), pa.array([0.5, None])),
        (pa.array([b"x", b"y"]), pa.array([b"x", b"z"], pa.large_binary())),
        (pa.array([["x"], None]), pa.array([["x"], []], pa.large_list(pa.large_string()))),
        (pa.array([1, 2], pa.timestamp("ms")), pa.array([1, 2], pa.timestamp("ns"))),
        (pa.array([1, 2], pa.timestamp("us", "UTC")), pa.array([1, 2], pa.timestamp("ms", "CET"))),
        (pa.array([1, 2], pa.duration("s")), pa.array([1, 2], pa.duration("us"))),
        (pa.array([1, 2], pa.time32("s")), pa.array([1, 2], pa.time64("us"))),
        (pa.array([Decimal("1.5"), None]), pa.array([Decimal("10.25"), None])),
        (pa.array([b"ab", b"cd"], pa.binary(2)), pa.array([b"x", b"y"])),
        (pa.array([[("a", 1)], None], MAP), pa.array([[("b", 2**40)], []], WIDE_MAP)),
        (pa.array(["x", "y"], pa.string_view()), pa.array(["x", "z"])),
        (pa.array([b"x", b"y"], pa.binary_view()), pa.array([b"x", b"z"])),
        (pa.array([{"bytes": b"x"}, None]), pa.array([{"path": "p", "bytes": b"y"}, None])),
    ],
)
def test_files_that_differ_in_what_does_not_matter_are_one(
    tmp_path: Path, first: pa.Array, second: pa.Array
) -> None:
    tables = [pa.table({"x": first, "label": LABEL}), pa.table({"label": LABEL, "x": second})]
    manifest = opened(tmp_path, *tables)
    plain = [row["x"] for table in tables for row in table.to_pylist()]
    if isinstance(plain[0], dict):
        plain = [value and {"bytes": None, "path": None} | value for value in plain]
    if plain[0] == [("a", 1)]:
        assert pa.types.is_map(manifest.schema.field("x").type)
    assert [row["x"] for row in rows(manifest)] == plain
    assert manifest.scan().select("label").collect()["label"].to_list() == ["a", "b", "a", "b"]
    assert manifest.scan().collect().shape == (4, 2)
    assert manifest.skipped == ()


def test_columns_that_a_file_lacks_are_null_in_its_rows_and_counted(tmp_path: Path) -> None:
    manifest = opened(
        tmp_path,
        pa.table({"label": LABEL}),
        pa.table({"label": LABEL, "caption": ["x", "y"]}),
    )
    assert [row["caption"] for row in rows(manifest)] == [None, None, "x", "y"]
    assert [row["caption"] for row in rows(manifest, ["caption"])] == [None, None, "x", "y"]
    assert manifest.scan().collect()["caption"].to_list() == [None, None, "x", "y"]
    assert [str(each) for each in manifest.skipped] == [
        "columns that a file lacks, null in its rows (1): 'caption' in 0.parquet"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array(["x", "y"]), pa.array([1, 2])),
        (pa.array([1, 2]), pa.array([2**63, 1], pa.uint64())),
        (pa.array([True, False]), pa.array([1, 2])),
        (pa.array([1, 2], pa.timestamp("us")), pa.array([1, 2], pa.timestamp("us", "UTC"))),
        (pa.array([Decimal("1.5"), None]), pa.array([0.5, 1.5])),
        (pa.array([["x"], []]), pa.array(["x", "y"])),
        (pa.array([b"x", b"y"]), pa.array(["x", "y"])),
    ],
)
def test_types_that_do_not_go_together_are_refused(
    tmp_path: Path, first: pa.Array, second: pa.Array
) -> None:
    with pytest.raises(CurateError, match=r"1.parquet has other columns than .*: 'x' is"):
        opened(tmp_path, pa.table({"x": first, "label": LABEL}),
               pa.table({"x": second, "label": LABEL}))  # fmt: skip


@pytest.mark.parametrize("first", [True, False])
def test_whole_numbers_that_floats_cannot_hold_are_refused(tmp_path: Path, first: bool) -> None:
    tables = [pa.table({"x": [2**53 + 1, 2], "label": LABEL}),
              pa.table({"x": [0.5, 1.5], "label": LABEL})]  # fmt: skip
    with pytest.raises(CurateError, match="column 'x' is double in some files"):
        opened(tmp_path, *(tables if first else reversed(tables)))


def test_times_that_a_finer_unit_cannot_hold_are_refused(tmp_path: Path) -> None:
    far = pa.array([2**61, 2], pa.timestamp("us"))
    manifest = opened(
        tmp_path,
        pa.table({"x": far, "label": LABEL}),
        pa.table({"x": pa.array([1, 2], pa.timestamp("ns")), "label": LABEL}),
    )
    with pytest.raises(CurateError, match=r"column 'x' is timestamp\[ns\] in some files"):
        rows(manifest)


def test_names_of_numbers_may_go_on(tmp_path: Path) -> None:
    text = '{"info": {"features": {"label": {"_type": "ClassLabel", "names": [%s]}}}}'
    for few in (0, 1):
        tables = [
            pa.table({"label": [0, 1]}).replace_schema_metadata({"huggingface": text % names})
            for names in ('"a", "b"', '"a", "b", "c"')
        ]
        manifest = opened(tmp_path, tables[few], tables[1 - few])
        assert manifest.class_names == ("a", "b", "c")


def test_numbers_with_other_names_are_refused(tmp_path: Path) -> None:
    text = '{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["%s", "x"]}}}}'
    tables = [
        pa.table({"label": [0, 1]}).replace_schema_metadata({"huggingface": text % name})
        for name in "ab"
    ]
    with pytest.raises(CurateError, match="numbers of other names"):
        opened(tmp_path, *tables)


def test_a_field_of_a_column_is_read_alone(tmp_path: Path) -> None:
    images = pa.array([{"bytes": b"x", "path": "a"}, {"bytes": None, "path": "b"}])
    manifest = opened(tmp_path, pa.table({"image": images, "label": LABEL}))
    assert [row["image"]["path"] for row in rows(manifest, ["image.path"])] == ["a", "b"]
    more = pa.table({"label": LABEL, "image": pa.array([{"path": "c"}, None])})
    manifest = opened(tmp_path, pa.table({"image": images, "label": LABEL}), more)
    read = rows(manifest, ["image.path"])
    assert [row["image"] and row["image"]["path"] for row in read] == ["a", "b", "c", None]


def test_a_crawl_of_such_files_keeps_the_order_of_the_first(tmp_path: Path) -> None:
    manifest = opened(
        tmp_path,
        pa.table({"label": LABEL, "id": [1, 2]}),
        pa.table({"id": pa.array([3, 4], pa.int32()), "more": [1, 1], "label": LABEL}),
    )
    assert manifest.schema.names == ["label", "id", "more"]
    assert manifest.scan().collect().schema["id"] == pl.Int64
    assert unify(pa.int32(), pa.string()) is None
