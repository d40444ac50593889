"""Image paths of an output: rewritten so that they start from its folder."""

import os
from pathlib import Path

import polars as pl
import pyarrow as pa

from curate.manifest.manifest import Manifest
from curate.manifest.pictures import has_paths

WHOLE = r"^(/|[a-zA-Z][a-zA-Z0-9+.-]*://)"
"""An absolute path, or a URL."""


def path_column(manifest: Manifest) -> str | None:
    """Return the column whose paths are rewritten; None if there is none.

    A column that is also the key is not rewritten: the key leads back to the row of the crawl.
    """
    if manifest.in_tars:
        return "tar"
    image = manifest.columns.image
    return image if image != manifest.columns.key and has_paths(manifest) else None


def way_to_root(manifest: Manifest, out: Path) -> str | None:
    """Return the root as a path from the folder of ``out``; None if they are the same."""
    home = os.path.realpath(out.absolute().parent)
    way = Path(os.path.relpath(os.path.realpath(manifest.root), home)).as_posix()
    return None if way == "." else way


def root_of_output(manifest: Manifest, out: Path) -> Path:
    """Return the folder that image paths in ``out`` must not leave.

    It is the folder of ``out`` if paths start there and the crawl's root lies in it; otherwise it
    is the crawl's root.
    """
    way = way_to_root(manifest, out)
    stays = path_column(manifest) is None or way is None or way.startswith("..")
    return manifest.root if stays else out.absolute().parent


def starting_with(way: str, paths: pa.Array) -> pa.Array:
    """Put ``way`` before the paths (n,), which are texts or Hugging Face's structs."""
    column = pl.Series("paths", paths)
    if column.dtype != pl.Struct:
        return _longer(way, column).to_arrow().cast(paths.type)
    longer = _longer(way, column.struct.field("path")).to_arrow()
    kind = paths.type.field("path").type
    fields = [
        longer.cast(kind) if field.name == "path" else paths.field(at)
        for at, field in enumerate(paths.type)
    ]
    return pa.StructArray.from_arrays(fields, fields=list(paths.type), mask=paths.is_null())


def _longer(way: str, paths: pl.Series) -> pl.Series:
    path = pl.lit(paths)
    stays = (path == "") | path.str.contains(WHOLE)
    return pl.select(
        pl.when(stays).then(path).otherwise(pl.concat_str(pl.lit(f"{way}/"), path))
    ).to_series()
