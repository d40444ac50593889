"""Where a picture was looked for, and what its path looks like: said where pictures are missing."""

import re

import polars as pl

from curate.manifest.manifest import Manifest
from curate.manifest.pictures import path_expression
from curate.printable import brief

LOOKED_AT = 1_000
"""Rows."""


def tried_path(manifest: Manifest) -> str:
    """Show the first path that leads to no file, as the beginning of a sentence; '' without any."""
    paths = path_expression(manifest)
    if paths is None:
        return ""
    rows = manifest.scan().select(paths.alias("path")).with_row_index("row").head(LOOKED_AT)
    for row, path in rows.filter(pl.col("path") != "").collect().iter_rows():
        tried = manifest.locate(path)
        if not tried.is_file():
            return f"row {row + 1} was looked for at '{brief(str(tried))}'{_looks(path)}; "
    return ""


def _looks(path: str) -> str:
    if re.match(r"[A-Za-z]:[\\/]", path):
        return ", which looks like a path of another computer (Windows)"
    if "\\" in path:
        return ", which has backslashes, as Windows writes paths: write / in their place"
    if path != path.strip():
        return ", which has blanks at an end"
    if re.search(r"%[0-9A-Fa-f]{2}", path):
        return ", which is written as in a URL (%20 is a blank)"
    if path.startswith(("/", "~")):
        return ", which may be a path of another computer"
    return ""
