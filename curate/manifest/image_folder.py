"""A folder of pictures whose sub-folders are the classes."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from curate.manifest.class_folders import LEVEL, class_level


def folder_table(
    names: Sequence[str], folder: Path, home: str = "", label: str | None = None
) -> pl.DataFrame:
    """List pictures by their paths below a folder: key, image, label.

    ``home`` is the folder's own path below the root, which column image is relative to. Below
    train, val, test the second folder is the label, and column split holds the first; the label
    folder_2 takes the second folder anyway, and gives the folders as columns folder_1, folder_2.
    Raises CurateError if it is not clear which folder is the class.
    """
    table = picture_table(names, home)
    parts = pl.col("key").str.split("/")
    above = parts.list.head(parts.list.len() - 1)
    level = LEVEL.fullmatch(label or "")
    if level is not None:
        levels = range(1, int(level[1]) + 1)
        return table.with_columns(_folder(above, at).alias(f"folder_{at}") for at in levels)
    found = class_level(_counted(names), folder)
    if found > 1:
        table = table.with_columns(split=_folder(above, 1))
    return table.with_columns(label=_folder(above, found))


def picture_table(names: Sequence[str], home: str) -> pl.DataFrame:
    """List pictures likewise, without labels."""
    key = pl.Series("key", names, pl.String)
    return pl.DataFrame([key, (f"{home}/" + key if home else key).alias("image")])


def _folder(above: pl.Expr, level: int) -> pl.Expr:
    return above.list.get(level - 1, null_on_oob=True)


def _counted(names: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Count the pictures of each folder."""
    folders = Counter(name.rpartition("/")[0] for name in names)
    return {tuple(folder.split("/")) if folder else (): count for folder, count in folders.items()}
