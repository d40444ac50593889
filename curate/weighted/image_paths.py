"""Image paths of an output: rewritten so that they start from its folder."""

import os
import posixpath
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from curate.manifest.manifest import Manifest
from curate.manifest.pictures import has_paths
from curate.store.urls import are_together

WHOLE = r"^(/|[a-zA-Z][a-zA-Z0-9+.-]*://)"
"""An absolute path, or a URL."""
ABOVE = "../"
"""A path that begins so starts from the manifest's folder, others from the root."""


class Way(NamedTuple):
    """Paths from the folder of an output; empty for the folder itself."""

    root: str
    """To the root."""
    home: str
    """To the folder of the manifest."""


def path_column(manifest: Manifest) -> str | None:
    """Return the column whose paths are rewritten; None if there is none.

    A column that is also the key is not rewritten: the key leads back to the row of the crawl.
    """
    if manifest.in_tars:
        image: str | None = "tar"
    else:
        image = manifest.columns.image
    if image not in manifest.schema.names or image == manifest.columns.key:
        return None
    return image if has_paths(manifest) else None


def way_from(out: Path, manifest: Manifest) -> Way | None:
    """Return the way from the folder of ``out`` to where paths start; None if it is there.

    None too if one of them is in a store and the other is not: paths then start from the root.
    """
    if not are_together(out, manifest.root):
        return None
    folder = os.path.realpath(out.absolute().parent)
    way = Way(_way(folder, manifest.root), _way(folder, manifest.home))
    return way if any(way) else None


def _way(start: str, end: Path) -> str:
    way = Path(os.path.relpath(os.path.realpath(end), start)).as_posix()
    return "" if way == "." else way


def root_of_output(manifest: Manifest, out: Path) -> Path:
    """Return the folder that image paths in ``out`` must not leave.

    It is the folder of ``out`` if paths start there and the crawl's root lies in it; otherwise it
    is the crawl's root.
    """
    way = way_from(out, manifest)
    stays = path_column(manifest) is None or way is None or f"{way.root}/".startswith(ABOVE)
    return manifest.root if stays else out.absolute().parent


def starting_with(way: Way, paths: pa.Array) -> pa.Array:
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


def _longer(way: Way, paths: pl.Series) -> pl.Series:
    path = pl.col(paths.name)
    stays = (path == "") | path.str.contains(WHOLE)
    above = path.str.starts_with(ABOVE)
    longer = (
        pl.when(stays).then(path)
        .when(above).then(pl.concat_str(pl.lit(_open(way.home)), path).map_elements(
            posixpath.normpath, pl.String))
        .otherwise(pl.concat_str(pl.lit(_open(way.root)), path))
    )  # fmt: skip
    return paths.to_frame().select(longer.alias(paths.name)).to_series()


def _open(folder: str) -> str:
    return f"{folder}/" if folder else ""
