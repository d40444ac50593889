"""Files of what is in memory; their names are made of what they hold."""

import os
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.columns import is_text
from curate.manifest.parquet import write_parquet
from curate.store.cached_files import UNFINISHED
from curate.store.fingerprint import sha256_of
from curate.store.mirror import look
from curate.store.sent import send

HASH = 16
ABOVE = "../"


def kept_file(folder: Path, stem: str, ending: str, write: Callable[[Path], None]) -> Path:
    """Write a file, unless the folder has one that holds the same.

    What is there already keeps its time of change, by which a run knows what it was made from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        write(unfinished)
        path = folder / f"{stem}-{sha256_of(unfinished)[:HASH]}{ending}"
        if not look(path).exists():
            send(unfinished, path)
            unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def table_file(folder: Path, stem: str, tables: Iterable[pa.Table]) -> Path:
    """Write tables of one schema as a Parquet file."""
    return kept_file(folder, stem, ".parquet", lambda path: write_parquet(path, tables, {}))


def array_file(folder: Path, stem: str, array: NDArray[Any]) -> Path:
    """Write an array as a .npy file."""

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)

    return kept_file(folder, stem, ".npy", write)


def features_of(values: Any) -> NDArray[np.floating[Any]]:
    """Read features (N, D) of anything that NumPy reads, and of torch's tensors.

    Raises CurateError unless they are numbers of that shape.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = (values.float() if "bfloat16" in str(values.dtype) else values).numpy()
    try:
        array: NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise CurateError("embeddings= has rows of different lengths.") from error
    if array.ndim != 2 or not array.shape[1] or array.dtype.kind not in "fiu":
        raise CurateError(
            f"embeddings= holds {array.dtype} of shape {array.shape}; give numbers of shape (rows,"
            " dimensions)."
        )
    return array if array.dtype.kind == "f" else array.astype(np.float32)


def whole_labels(table: pa.Table, label: str) -> pa.Table:
    """Turn labels that are whole numbers as floats into integers.

    pandas has such where a label is missing.
    """
    at = table.schema.get_field_index(label)
    column = table.column(at)
    if not pa.types.is_floating(column.type):
        return table
    column = pc.if_else(pc.is_nan(column), None, column)
    try:
        whole = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return table
    return table.set_column(at, pa.field(label, pa.int64()), whole)


def paths_from(table: pa.Table, image: str | None, here: Path) -> pa.Table:
    """Let image paths that begin with .. start from the folder ``here``."""
    if image is None or not is_text(table.schema.field(image).type):
        return table
    at = table.schema.get_field_index(image)
    paths = table.column(at).to_pylist()
    if not any(path and path.startswith(ABOVE) for path in paths):
        return table
    field = table.schema.field(at)
    whole = [
        os.path.normpath(here / path) if path and path.startswith(ABOVE) else path for path in paths
    ]
    return table.set_column(at, field, pa.array(whole, field.type))
