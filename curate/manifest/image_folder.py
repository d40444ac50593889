"""A folder of pictures whose sub-folders are the classes."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

PICTURE_ENDINGS = (
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".jxl",
)  # fmt: skip
"""What counts as a picture's file; some are then reported as unsupported, none is passed over."""
SCHEMA = {"key": pl.String, "image": pl.String, "label": pl.String}


def picture_files(folder: Path) -> Iterator[Path]:
    """Walk to every file with a picture's ending, in sorted order; hidden ones are passed over."""
    seen: set[Path] = set()
    for current, folders, files in os.walk(folder, followlinks=True):
        here = Path(current).resolve()
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in PICTURE_ENDINGS:
                yield Path(current, name)


def folder_table(folder: Path, files: list[Path]) -> pl.DataFrame:
    """List the pictures: path below the folder as key and image, first sub-folder as label."""
    paths = [file.relative_to(folder) for file in files]
    names = [path.as_posix() for path in paths]
    labels = [path.parts[0] if len(path.parts) > 1 else None for path in paths]
    return pl.DataFrame({"key": names, "image": names, "label": labels}, schema=SCHEMA)
