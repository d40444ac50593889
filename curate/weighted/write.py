"""The manifest written back: every row once, in order, with our columns added."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.class_label import with_added
from curate.manifest.formulas import plain_table
from curate.manifest.img2dataset import RENAMED
from curate.manifest.manifest import Manifest
from curate.manifest.parquet import RowGroups
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.manifest.text_types import fits
from curate.store.atomic import appearing_file
from curate.store.mirror import look
from curate.store.sent import require_writable
from curate.weighted.image_paths import Way, path_column, starting_with
from curate.weighted.origin import Origin

OUTPUTS = (".parquet", ".csv", ".jsonl")


class Summed(Protocol):
    """The result for a shard, which can be added to the result for the shards before it."""

    def __add__(self, other: Any, /) -> Any:
        """Return the result for both."""
        ...


T = TypeVar("T", bound=Summed)


def write_manifest(
    manifest: Manifest,
    shards: Sequence[Shard],
    added: Callable[[Shard], tuple[pa.Table, T]],
    out: Path,
    slim: bool,
    origin: Origin,
    advance: Callable[[int], None],
    way: Way | None,
) -> T:
    """Write all shards with the columns that ``added`` gives for each; ``out`` appears whole.

    Returns the sum of the results that ``added`` gives beside the columns. The ending of ``out``
    chooses Parquet, CSV or JSON lines. ``slim`` leaves out all of the user's columns but the key;
    without a key the row's number is written. Image paths get ``way`` before them. ``origin`` is
    written into the file's metadata, or into a small file beside it.
    """
    key = manifest.columns.key
    found: T | None = None
    paths = path_column(manifest)
    names = ([key] if key else []) if slim else None
    with appearing_file(out) as unfinished:
        with _opened(unfinished, out.suffix, origin.metadata(out)) as write:
            for shard, batches in read_shards(manifest, shards, names):
                ours, of_shard = added(shard)
                found = of_shard if found is None else found + of_shard
                numbered = slim and key is None
                for table in _beside(batches, _numbered(ours, shard) if numbered else ours):
                    write(_rebased(table, paths, way))
                    advance(table.num_rows)
        if out.suffix != ".parquet":
            origin.save_sidecar(out, unfinished)
        manifest.require_unchanged()
    assert found is not None  # a manifest has rows
    return found


def check_output(out: Path, manifest: Manifest, slim: bool, overwrite: bool) -> None:
    """Refuse, before any work, an output that exists, is an input, or cannot hold the columns."""
    look(out)
    inputs = {part.path.resolve() for part in manifest.parts} | {manifest.path.resolve()}
    if out.resolve() in inputs:
        raise CurateError(
            f"--out {out} is the manifest itself, which is never changed; name another file."
        )
    if out.is_dir():
        raise CurateError(f"--out {out} is a folder; name a file.")
    if out.suffix not in OUTPUTS:
        ends = f"ends in '{out.suffix}'" if out.suffix else "has no ending"
        raise CurateError(f"--out {out} {ends}; name a file that ends in {', '.join(OUTPUTS)}.")
    if manifest.path.is_dir() and out.resolve().is_relative_to(manifest.path.resolve()):
        raise CurateError(
            f"--out {out} lies in the manifest's folder, whose files are all input; name a file"
            " outside of it."
        )
    if out.exists() and not overwrite:
        raise CurateError(
            f"{out} exists; replace it with --overwrite or name another file with --out."
        )
    require_writable(out)
    if manifest.has_label_lists and out.suffix == ".csv":
        raise CurateError(
            f"--out {out}: images have lists of labels, and so lists of weights, which a .csv file"
            " cannot hold; write .parquet or .jsonl."
        )
    written = [manifest.columns.key] if slim else manifest.schema.names
    for field in manifest.schema:
        if field.name in written and not fits(field.type, out.suffix):
            raise CurateError(
                f"--out {out}: a {out.suffix} file cannot hold column '{field.name}'"
                f" ({field.type}); write .parquet, or only the key and the new columns with --slim."
            )


def _rebased(table: pa.Table, paths: str | None, way: Way | None) -> pa.Table:
    """Let the image paths start from the folder of the output."""
    if way is None or paths not in table.schema.names:
        return table
    at = table.schema.get_field_index(paths)
    column = pa.chunked_array([starting_with(way, chunk) for chunk in table.column(at).chunks])
    return table.set_column(at, table.schema.field(at), column)


def _numbered(ours: pa.Table, shard: Shard) -> pa.Table:
    numbers = pa.array(range(shard.first_row, shard.first_row + shard.rows), pa.int64())
    return ours.add_column(0, "row", numbers)


def _beside(batches: Iterable[pa.RecordBatch], ours: pa.Table) -> Iterator[pa.Table]:
    """Give the batches of a shard with our columns beside them."""
    at = 0
    for batch in batches:
        piece = ours.slice(at, batch.num_rows)
        yield _side_by_side(pa.Table.from_batches([batch]), piece)
        at += batch.num_rows


def _side_by_side(left: pa.Table, right: pa.Table) -> pa.Table:
    metadata = with_added(left.schema, right.schema)  # which renaming would drop
    left = left.rename_columns([_renamed(name, right.schema.names) for name in left.schema.names])
    schema = pa.schema([*left.schema, *right.schema], metadata=metadata)
    return pa.Table.from_arrays([*left.columns, *right.columns], schema=schema)


def _renamed(name: str, ours: Sequence[str]) -> str:
    """Rename a column of the user's, img2dataset's status, that has the name of one of ours."""
    return RENAMED + name if name in ours else name


@contextmanager
def _opened(
    path: Path, ending: str, metadata: dict[bytes, bytes]
) -> Iterator[Callable[[pa.Table], None]]:
    """Open a file of that ending; yields the function that writes a table into it."""
    if ending == ".parquet":
        with RowGroups(path, metadata) as groups:
            yield groups.add
        return
    with path.open("ab") as file:
        yield partial(_write_text, file, ending)


def _write_text(file: BinaryIO, ending: str, table: pa.Table) -> None:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    if ending == ".csv":
        plain_table(frame).write_csv(file, include_header=file.tell() == 0)
    else:
        frame.write_ndjson(file)
