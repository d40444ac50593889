"""Hugging Face: a folder of Parquet files that datasets.load_dataset reads, pictures as Image."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from curate.exports.check import Row
from curate.exports.croissant import describe
from curate.exports.dataset_card import write_card
from curate.exports.format import Format, InFiles
from curate.exports.job import Batch, Job, Write
from curate.exports.picture_bytes import Picture
from curate.exports.pieces import Piece
from curate.manifest.class_label import features

LIBRARY = "datasets"
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
ROW_GROUP_BYTES = 32 * 2**20
NESTED = (types.is_struct, types.is_list, types.is_large_list, types.is_fixed_size_list)
LEAVES = (
    types.is_null, types.is_boolean, types.is_integer, types.is_floating, types.is_temporal,
    types.is_decimal128, types.is_decimal256, types.is_string, types.is_large_string,
    types.is_string_view, types.is_binary, types.is_large_binary, types.is_binary_view,
    types.is_fixed_size_binary,
)  # fmt: skip
"""The types that datasets has."""


@contextmanager
def write(job: Job, file: Path, _: Piece) -> Iterator[Write]:
    """Write 00000.parquet, some thousand rows.

    The label is a ClassLabel: a number, whose name is the crawl's label. Classes are
    numbered in the order of their names, or of their values where labels are numbers.
    """
    numbers = {name: number for number, name in enumerate(job.classes)}
    with _RowGroups(file) as groups:
        yield lambda batch: groups.add(_table(job, batch, numbers), batch.pictures)


def finish(job: Job, path: Path, files: Mapping[str, Sequence[Path]]) -> None:
    """Write README.md and croissant.json beside the folders of the parts."""
    written = {part: files[part] for part in job.parts if files[part]}
    rows = {
        part: sum(pq.read_metadata(file).num_rows for file in each)
        for part, each in written.items()
    }
    (path / "README.md").write_text(_card(job, rows), encoding="utf-8")
    for first in list(written.values())[:1]:
        schema = pq.read_schema(first[0])
        text = json.dumps(_croissant(job, list(written), schema), indent=1, ensure_ascii=False)
        (path / "croissant.json").write_text(text, encoding="utf-8")


def _table(job: Job, batch: Batch, numbers: dict[str, int]) -> pa.Table:
    label, image = _names(job)
    kind = pa.list_(pa.int64()) if job.has_lists else pa.int64()
    labels = pa.array([_numbered(label, numbers) for label in batch.rows["label"]], kind)
    pictures = [{"bytes": picture.data, "path": None} for picture in batch.pictures]
    table = batch.table.set_column(batch.table.column_names.index(label), label, labels)
    table = table.add_column(0, image, pa.array(pictures, IMAGE))
    return table.replace_schema_metadata({"huggingface": json.dumps(_described(job))})


def _numbered(label: Any, numbers: dict[str, int]) -> Any:
    if isinstance(label, pl.Series):
        return [numbers.get(each) for each in label]
    return None if label is None else numbers[label]


def _described(job: Job) -> dict[str, object]:
    """Describe what Arrow's types do not say; what datasets said of other columns stays."""
    label, image = _names(job)
    classes: dict[str, object] = {"names": job.classes, "_type": "ClassLabel"}
    one = {"feature": classes, "_type": "List"} if job.has_lists else classes
    kept = {each.name: each.source for each in job.record.columns if each.from_crawl}
    known = features(job.weighted.manifest.schema)
    others = {name: known[source] for name, source in kept.items() if source in known}
    return {"info": {"features": {**others, image: {"_type": "Image"}, label: one}}}


def _names(job: Job) -> tuple[str, str]:
    columns = job.weighted.manifest.columns
    return job.record.name(columns.label), job.record.name(columns.image or "image")


def _card(job: Job, rows: dict[str, int]) -> str:
    names = {column.source: column.name for column in job.record.columns if not column.from_crawl}
    commands = [each.command for each in job.made]
    return write_card(job.options.out.name, rows, names, job.classes, commands)


def _croissant(job: Job, parts: list[str], schema: pa.Schema) -> dict[str, object]:
    label, image = _names(job)
    return describe(
        job.options.out.name, parts, schema, image, label, job.classes, job.made[-1].day
    )


class _RowGroups:
    """A Parquet file, cut by the bytes of its own pictures, however its rows come."""

    def __init__(self, path: Path) -> None:
        self._path, self._bytes = path, 0
        self._gathered: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_RowGroups":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()

    def add(self, table: pa.Table, pictures: Sequence[Picture]) -> None:
        """Add rows; a row group ends with the picture that fills it."""
        start = 0
        for stop, picture in enumerate(pictures, 1):
            self._bytes += len(picture.data)
            if self._bytes >= ROW_GROUP_BYTES:
                self._gathered.append(table.slice(start, stop - start))
                self._flush()
                start = stop
        self._gathered.append(table.slice(start))

    def _flush(self) -> None:
        if sum(map(len, self._gathered)):
            table = pa.concat_tables(self._gathered).combine_chunks()
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd")
            self._writer.write_table(table)
        self._gathered, self._bytes = [], 0


def read(job: Job, path: Path) -> tuple[str, Callable[[Path], Iterator[Row]]]:
    """Read with datasets if it is installed, else with pyarrow."""
    if find_spec(LIBRARY):
        return LIBRARY, partial(_datasets, job, _opened(job, path))
    return "pyarrow", partial(_pyarrow, job)


def _opened(job: Job, path: Path) -> dict[str, Any]:
    """Open all files as a user does."""
    from datasets import Image, load_dataset

    (label, image), weight = _names(job), job.record.ours("weight")
    return {
        part: rows.cast_column(image, Image(decode=False)).select_columns([label, weight, image])
        for part, rows in load_dataset(str(path), streaming=True).items()
    }


def _datasets(job: Job, parts: Mapping[str, Any], file: Path) -> Iterator[Row]:
    (label, image), weight = _names(job), job.record.ours("weight")
    files, rows = sorted(file.parent.glob("*.parquet")), parts[file.parent.name]
    classes = rows.features[label]
    names = (classes.feature if job.has_lists else classes).names
    for row in rows.shard(len(files), files.index(file)):
        yield Row(_named(row[label], names), row[weight], row[image]["bytes"])


def _pyarrow(job: Job, file: Path) -> Iterator[Row]:
    (label, image), weight = _names(job), job.record.ours("weight")
    with pq.ParquetFile(file) as opened:
        metadata = json.loads(opened.schema_arrow.metadata[b"huggingface"])
        classes = metadata["info"]["features"][label]
        names = (classes["feature"] if job.has_lists else classes)["names"]
        for batch in opened.iter_batches(512, columns=[label, weight, image]):
            for row in batch.to_pylist():
                yield Row(_named(row[label], names), row[weight], row[image]["bytes"])


def _named(label: Any, names: list[str]) -> Any:
    if isinstance(label, list):
        return [None if number is None else names[number] for number in label]
    return None if label is None else names[label]


def holds(kind: pa.DataType) -> bool:
    """Tell whether datasets (as of 5.2) has this type: it lacks maps and views of lists."""
    if types.is_dictionary(kind):
        return holds(kind.value_type)
    if any(test(kind) for test in NESTED):
        return all(holds(kind.field(at).type) for at in range(kind.num_fields))
    return any(test(kind) for test in LEAVES)


FORMAT = Format(
    InFiles(".parquet", write, read, finish, always_parts=True),
    lists=True,
    soft=True,
    splits=True,
    fields=True,
    pictures=True,
    holds=holds,
)
