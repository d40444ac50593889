import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curate.manifest.batch_rows import MOST_BYTES, batch_rows

LONG = 2**18
BLOB = bytes(LONG)
KINDS: dict[str, Callable[[], pa.Array]] = {
    "pictures": lambda: pa.array([BLOB] * 400, pa.binary()),
    "structs": lambda: pa.StructArray.from_arrays([pa.array([BLOB] * 400)], ["bytes"]),
    "captions": lambda: pa.array(["x" * LONG] * 400),
    "lists of labels": lambda: pa.array([["y" * LONG]] * 400),
}


def rows_of(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        return batch_rows(path, file, 0, None)


def write(path: Path, values: pa.Array, **options: object) -> Path:
    table = pa.table({"column": values})
    pq.write_table(table, path, store_schema=False, dictionary_pagesize_limit=2**30, **options)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_that_repeats_is_counted_as_often(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / "repeats.parquet", KINDS[kind](), compression="zstd")
    assert path.stat().st_size < 10_000
    assert rows_of(path) == MOST_BYTES // LONG


def test_a_value_that_repeats_the_one_before_is_counted_as_often(tmp_path: Path) -> None:
    path = write(tmp_path / "delta.parquet", KINDS["captions"](), use_dictionary=False,
                 column_encoding="DELTA_BYTE_ARRAY")  # fmt: skip
    assert rows_of(path) <= MOST_BYTES // LONG


def test_long_values_among_short_ones_are_counted(tmp_path: Path) -> None:
    values = pa.array([b"short"] * 100_000 + [BLOB] * 400, pa.binary())
    path = write(tmp_path / "skewed.parquet", values, use_dictionary=False, compression="zstd")
    assert rows_of(path) == 1


def test_ordinary_columns_are_read_as_many_rows_at_a_time(tmp_path: Path) -> None:
    labels = pa.array(sorted(f"class {n % 900}" for n in range(10**6)))
    assert rows_of(write(tmp_path / "labels.parquet", labels)) == 8192
    pictures = pa.array([bytes([n % 256]) * 5000 for n in range(20_000)])
    assert rows_of(write(tmp_path / "pictures.parquet", pictures)) == 512
    large = pa.array([n.to_bytes(2, "big") * 2**20 for n in range(50)])
    assert rows_of(write(tmp_path / "large.parquet", large)) in (3, 4)


READ = """
import re, sys
from pathlib import Path
from curate.options.columns import ColumnOptions
from curate.manifest.open import open_manifest
from curate.manifest.plan import plan_shards
from curate.manifest.read import read_shards
from curate.store.folders import Folders

manifest = open_manifest(Path(sys.argv[1]), ColumnOptions(), None, Folders(Path(sys.argv[2])))
shards = read_shards(manifest, plan_shards(manifest), ["image"])
rows = sum(batch.num_rows for _, batches in shards for batch in batches)
# Of getrusage a new process inherits the peak.
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(rows, int(peak[1]) >> 10)
"""


def test_a_small_file_of_a_large_picture_is_read_in_little_memory(tmp_path: Path) -> None:
    pictures = pa.DictionaryArray.from_arrays(
        pa.array([0] * 400, pa.int32()), pa.array([bytes(20 * 2**20)], pa.binary())
    )
    table = pa.table({"image": pictures, "label": ["cat", "dog"] * 200})
    path = tmp_path / "bomb.parquet"
    pq.write_table(
        table, path, compression="zstd", store_schema=False, dictionary_pagesize_limit=2**30
    )
    assert path.stat().st_size < 10_000
    ran = subprocess.run(
        [sys.executable, "-c", READ, path, tmp_path / "frozen"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    rows, megabytes = map(int, ran.stdout.split())
    assert rows == 400
    assert megabytes < 700
