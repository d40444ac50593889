"""Hugging Face: a folder of Parquet files that datasets.load_dataset reads, pictures as Image."""

import contextlib
import json
from collections.abc import Iterator
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
from curate.exports.format import Format, Read
from curate.exports.job import Batch, Job, Write
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


@contextlib.contextmanager
def write(job: Job, path: Path) -> Iterator[Write]:
    """Write PART/00000.parquet, some thousand rows each, README.md and croissant.json.

    The label is a ClassLabel: a number, whose name is the crawl's label. Classes are
    numbered in the order of their names, or of their values where labels are numbers.
    """
    numbers = {name: number for number, name in enumerate(job.classes)}
    with contextlib.ExitStack() as stack:
        files = {part: stack.enter_context(_Files(job, path / part)) for part in job.parts}

        def add(batch: Batch) -> None:
            for part, rows in batch.parts():
                files[part].add(_table(job, rows, numbers))

        yield add
    written = {part: each for part, each in files.items() if each.schema is not None}
    rows = {part: each.rows for part, each in written.items()}
    (path / "README.md").write_text(_card(job, rows), encoding="utf-8")
    schema = next((each.schema for each in written.values()), None)
    if schema is not None:
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


class _Files:
    """The Parquet files of a part, one open at a time."""

    def __init__(self, job: Job, folder: Path) -> None:
        self._folder, self._size = folder, job.options.rows_per_shard
        self._files = self._rows = self._bytes = self.rows = 0
        self.schema: pa.Schema | None = None
        self._gathered: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "_Files":
        self._folder.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def add(self, table: pa.Table) -> None:
        """Add rows, in a new file if the last is full."""
        self.rows += len(table)
        self.schema = table.schema
        while len(table):
            room = self._size - self._rows
            piece, table = table.slice(0, room), table.slice(room)
            self._gathered.append(piece)
            self._rows += len(piece)
            self._bytes += piece.nbytes
            if self._bytes >= ROW_GROUP_BYTES:
                self._flush()
            if self._rows == self._size:
                self.__exit__()
                self._rows = 0

    def _flush(self) -> None:
        if not self._gathered:
            return
        table = pa.concat_tables(self._gathered)
        if self._writer is None:
            path = self._folder / f"{self._files:05d}.parquet"
            self._writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            self._files += 1
        self._writer.write_table(table)
        self._gathered, self._bytes = [], 0


def read(job: Job, path: Path) -> Read:
    """Read with datasets if it is installed, else with pyarrow."""
    if find_spec(LIBRARY):
        return LIBRARY, _datasets(job, path)
    return "pyarrow", _pyarrow(job, path)


def _datasets(job: Job, path: Path) -> Iterator[Row]:
    from datasets import Image, load_dataset

    (label, image), weight = _names(job), job.record.ours("weight")
    for part in load_dataset(str(path), streaming=True).values():
        classes = part.features[label]
        names = (classes.feature if job.has_lists else classes).names
        for row in part.cast_column(image, Image(decode=False)).select_columns(
            [label, weight, image]
        ):
            yield Row(_named(row[label], names), row[weight], row[image]["bytes"])


def _pyarrow(job: Job, path: Path) -> Iterator[Row]:
    (label, image), weight = _names(job), job.record.ours("weight")
    for file in sorted(path.glob("*/*.parquet")):
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


FORMAT = Format(write, read, lists=True, soft=True, splits=True, pictures=True, holds=holds)
