"""A folder of pictures whose sub-folders are the classes."""

import os
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from curate.errors import CurateError

PICTURE_ENDINGS = (
    ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".jxl",
)  # fmt: skip
"""What counts as a picture's file; some are then reported as unsupported, none is passed over."""
SCHEMA = {"key": pl.String, "image": pl.String, "label": pl.String}


def picture_files(folder: Path) -> Iterator[Path]:
    """Walk to every file with a picture's ending, in sorted order; hidden ones are passed over.

    Raises CurateError for a folder that cannot be read and a name that is no text.
    """
    seen: set[Path] = set()
    for current, folders, files in os.walk(folder, onerror=_refuse, followlinks=True):
        here = Path(current).resolve()
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in PICTURE_ENDINGS:
                if _is_no_text(name):
                    raise CurateError(
                        f"{Path(current, name)!r}: the file's name is not UTF-8; rename it."
                    )
                yield Path(current, name)


def _refuse(error: OSError) -> None:
    raise CurateError(
        f"{error.filename} cannot be read ({error.strerror}); give this user the right to read it,"
        " or move it out of the folder."
    ) from error


def _is_no_text(name: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in name)


def folder_table(folder: Path, files: list[Path]) -> pl.DataFrame:
    """List the pictures: path below the folder as key and image, first sub-folder as label."""
    paths = [file.relative_to(folder) for file in files]
    names = [path.as_posix() for path in paths]
    labels = [path.parts[0] if len(path.parts) > 1 else None for path in paths]
    return pl.DataFrame({"key": names, "image": names, "label": labels}, schema=SCHEMA)
