"""Show a path that was tried, and what it looks like, when pictures are missing."""

import os
import re
from pathlib import Path

import polars as pl

from curate.manifest.columns import is_text
from curate.manifest.manifest import Manifest
from curate.manifest.pictures import WRITE_BYTES, is_base64, path_expression
from curate.terminal.printable import brief, brief_path

LOOKED_AT = 1_000
"""Rows."""


def tried_path(manifest: Manifest) -> str:
    """Show the first path that leads to no file, as the start of a sentence; '' if none does."""
    paths = path_expression(manifest)
    if paths is None:
        return ""
    rows = manifest.scan().select(paths.alias("path")).with_row_index("row").head(LOOKED_AT)
    told = rows.filter(pl.col("path") != "").collect()
    image = manifest.columns.image
    if told.is_empty() and image and is_text(manifest.schema.field(image).type):
        return f"column '{brief(image)}' is empty in the first rows; "
    for row, path in told.iter_rows():
        tried = manifest.locate(path)
        if not _is_file(tried):
            return f"row {row + 1} was looked for at '{brief_path(tried)}'{_looks(path, tried)}; "
    return ""


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # longer than a name can be, or with a zero byte
        return False


def _looks(path: str, tried: Path) -> str:
    if is_base64(path):
        return f", which looks like a picture as base64: {WRITE_BYTES}"
    if re.match(r"[A-Za-z]:[\\/]", path):
        return ", which looks like a path of another computer (Windows)"
    if "\\" in path:
        return ", which has backslashes, as Windows writes paths: write / in their place"
    if path != path.strip():
        return ", which has blanks at an end"
    if path[0] == path[-1] and path[0] in "'\"":
        return ", which stands in quotes"
    if re.search(r"%[0-9A-Fa-f]{2}", path):
        return ", which is written as in a URL (%20 is a blank)"
    if path.startswith(("/", "~")):
        return ", which may be a path of another computer"
    return _near(tried)


def _near(tried: Path) -> str:
    """Name a file that lies there under nearly the same name: another ending, other capitals."""
    try:
        names = sorted(os.listdir(tried.parent))  # noqa: PTH208 - only names
    except OSError:
        return ""
    stems = {tried.name.casefold(), tried.stem.casefold()}
    near = [name for name in names if {name.casefold(), Path(name).stem.casefold()} & stems]
    return f", and there is '{brief(near[0])}'" if near else ""
