"""img2dataset's output as files: folders of pictures, each beside the Parquet file of its rows."""

import os
import posixpath
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curate.errors import CurateError
from curate.manifest.columns import Columns
from curate.manifest.picture_files import has_picture_ending, is_hidden
from curate.store.mirror import bring
from curate.terminal.skipped import Passed, Skipped

KEY, STATUS = "key", "status"
SHARD = re.compile(r"\d{5,}")
OURS = ("image", STATUS)
RENAMED = "download_"
"""Prefix for its columns that have our names; its status says what became of the download."""
MARKS = {KEY, STATUS, "error_message"}
"""Columns that identify its tables."""


def has_picture_shards(tables: Sequence[Path]) -> bool:
    """Tell whether Parquet files have folders of the same names, with pictures to their rows."""
    for table in tables:
        folder = table.with_suffix("")
        if folder.is_dir() and any(map(has_picture_ending, os.listdir(folder))):  # noqa: PTH208
            names = pq.read_schema(bring(table)).names
            return KEY in names and STATUS in names
    return False


def refuse_lone_shards(path: Path, picture: str) -> None:
    """Raise CurateError for shards without Parquet files, which would be taken for classes.

    ``picture`` is one of them, from ``path`` on; its caption and label are in a file beside it.
    """
    table, lone = path.with_suffix(".parquet"), "/" not in picture
    if lone and SHARD.fullmatch(path.name) and table.is_file():
        raise CurateError(
            f"{path} is one of img2dataset's shards, and {table.name} beside it holds its rows;"
            f" give the folder of all: curate weight {shlex.quote(str(path.parent))}"
        )
    shard, _, name = picture.partition("/")
    if SHARD.fullmatch(shard) and name and (path / picture).with_suffix(".json").is_file():
        folder = shlex.quote(str(path))
        raise CurateError(
            f"{path}: its folders look like img2dataset's shards, without the Parquet files of"
            f" their rows ({shard}.parquet); put these back, or pack each as a tar, of which the"
            f' .json are read: for d in {folder}/*/; do tar cf "${{d%/}}.tar" -C "$d" .; done'
        )


def is_download_status(schema: pa.Schema, columns: Columns) -> bool:
    """Tell whether column status is that of the download, which is written under another name.

    It keeps its name if the user named it in an option.
    """
    names = set(schema.names)
    return names >= MARKS and RENAMED + STATUS not in names and STATUS not in vars(columns).values()


def shards_to_parquet(tables: Sequence[Path], home: str, target: Path) -> tuple[Skipped, ...]:
    """Write the rows of all shards, with the path of each picture as column image.

    A row whose picture was not fetched has no path. Returns the pictures that no row names.
    """
    passed = Passed()
    schemas = [_renamed(pq.read_schema(bring(table))) for table in tables]
    empty = pa.unify_schemas(schemas, promote_options="permissive").empty_table()
    schema = empty.schema.append(pa.field("image", pa.string()))
    with pq.ParquetWriter(target, schema) as writer:
        for table in tables:
            rows = pq.read_table(bring(table))
            rows = rows.rename_columns(_renamed(rows.schema).names)
            rows = pa.concat_tables([empty, rows], promote_options="permissive")
            keys = rows[KEY].cast(pa.string()).to_pylist()
            images = pa.array(_pictures(table.with_suffix(""), keys, home, passed), pa.string())
            writer.write_table(rows.append_column("image", images))
    return passed.skipped


def _renamed(schema: pa.Schema) -> pa.Schema:
    """Rename columns that have the names of ours."""
    fields = [
        field.with_name(f"{RENAMED}{field.name}") if field.name in OURS else field
        for field in schema
    ]
    return pa.schema(fields)


def _pictures(
    folder: Path, keys: Sequence[str | None], home: str, passed: Passed
) -> list[str | None]:
    """Find the picture of each key in a shard's folder, as a path from the root."""
    names = sorted(os.listdir(folder)) if folder.is_dir() else []  # noqa: PTH208 - only names
    named = {
        name.rpartition(".")[0]: posixpath.join(home, folder.name, name)
        for name in names
        if has_picture_ending(name) and not is_hidden(name)
    }
    for key in named.keys() - set(keys):
        passed.add("pictures that no row names", named[key])
    return [named.get(key) if key is not None else None for key in keys]
