"""Where the pictures of a batch of rows lie."""

import os
import re
from collections.abc import Callable

import polars as pl
import pyarrow as pa

from curate.errors import CurateError
from curate.images.source import FileSlice, ImageSource
from curate.manifest.columns import exact_column, is_bytes, is_text, require_image, url_refusal
from curate.manifest.manifest import Manifest
from curate.manifest.root import is_below
from curate.terminal.printable import brief

WRITE_BYTES = "write its bytes (base64.b64decode) as Parquet"
"""What to do about pictures in letters."""
Finder = Callable[[pa.RecordBatch], list[ImageSource | None]]


def picture_finder(manifest: Manifest) -> tuple[list[str], Finder]:
    """Choose how pictures are found: the columns to read, and batch -> one source (or None) a row.

    Pictures are bytes, Hugging Face's struct of bytes and path, paths below the root, or pieces of
    tars. Raises CurateError when the image column is none of them.
    """
    image = require_image(manifest.schema, manifest.columns, str(manifest.path))
    if manifest.in_tars:
        return ["tar", "offset", "length"], lambda batch: _tar_pieces(batch, manifest)
    kind = manifest.schema.field(image).type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        return [image], lambda batch: _structs(batch.column(image), manifest)
    if is_bytes(kind):
        return [image], lambda batch: batch.column(image).to_pylist()
    if is_text(kind):
        return [image], lambda batch: _paths(batch.column(image).to_pylist(), manifest)
    raise CurateError(
        f"{manifest.path}: column '{image}' is {kind}, and images are bytes, a struct of bytes and"
        " path, or paths; name another column with --image."
    )


def check_paths(manifest: Manifest) -> None:
    """Raise CurateError for URLs and for paths that leave the root, before any work is done."""
    paths = path_expression(manifest)
    if paths is None:
        return
    rows = manifest.scan().select(paths.alias("path")).with_row_index("row")
    url = rows.filter(pl.col("path").str.contains(r"^[a-zA-Z][a-zA-Z0-9+.-]+://")).head(1).collect()
    if len(url):
        assert manifest.columns.image is not None
        if url["path"][0].lower().startswith("file:"):
            raise CurateError(
                f"{manifest.path}, row {url['row'][0] + 1}: image '{brief(url['path'][0])}' is a"
                " URL of a file of this computer; write its path (without file://, and with %20"
                " as the blank that it is)."
            )
        raise CurateError(url_refusal(str(manifest.path), manifest.columns.image, manifest.columns))
    root = str(manifest.root)
    below = pl.col("path").str.starts_with(root + os.sep)
    dotted = pl.col("path").str.contains(r"(^|/)\.\.(/|$)")
    doubtful = rows.filter(dotted | (pl.col("path").str.starts_with("/") & ~below)).collect()
    for row, path in doubtful.iter_rows():
        if is_base64(path):
            raise CurateError(
                f"{manifest.path}, row {row + 1}: image '{brief(path)}' looks like a picture as"
                f" base64; {WRITE_BYTES}."
            )
        if not is_below(os.path.realpath(manifest.locate(path)), os.path.realpath(root)):
            raise CurateError(
                f"{manifest.path}, row {row + 1}: image '{brief(path)}' leaves the folder {root};"
                " give a folder that holds all images with --root, or correct that path."
            )


def is_base64(path: str) -> bool:
    """Tell whether a text is a picture in letters, and not a path."""
    letters = re.fullmatch(r"[A-Za-z0-9+/\s]{200,}={0,2}\s*", path)
    return path.startswith("data:") or letters is not None


def has_paths(manifest: Manifest) -> bool:
    """Tell whether images are files below the root rather than bytes in the manifest."""
    return manifest.in_tars or path_expression(manifest) is not None


def path_expression(manifest: Manifest) -> pl.Expr | None:
    """Give the paths of pictures, null where there are bytes; None where there are no paths."""
    image = manifest.columns.image
    if image is None or manifest.in_tars:
        return None
    kind = manifest.schema.field(image).type
    if is_text(kind):
        return exact_column(image)
    if pa.types.is_struct(kind) and kind.get_field_index("path") >= 0:
        fields = exact_column(image).struct
        return pl.when(fields.field("bytes").is_null()).then(fields.field("path"))
    return None


def _paths(paths: list[str | None], manifest: Manifest) -> list[ImageSource | None]:
    return [
        FileSlice(manifest.locate(path), root=manifest.root) if path else None for path in paths
    ]


def _structs(column: pa.StructArray, manifest: Manifest) -> list[ImageSource | None]:
    rows = [row or {} for row in column.to_pylist()]
    paths = _paths([row.get("path") for row in rows], manifest)
    return [row.get("bytes") if row.get("bytes") is not None else path
            for row, path in zip(rows, paths, strict=True)]  # fmt: skip


def _tar_pieces(batch: pa.RecordBatch, manifest: Manifest) -> list[ImageSource | None]:
    rows = batch.select(["tar", "offset", "length"]).to_pylist()
    return [
        None
        if row["offset"] is None
        else FileSlice(manifest.locate(row["tar"]), row["offset"], row["length"], manifest.root)
        for row in rows
    ]
