"""The files that a user's own class relations come from."""

from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.tables import read_table
from curate.terminal.printable import listed

SAVE = "np.savez('file.npz', S=S, names=np.array(names, dtype=str))"


def read_edges(path: Path) -> list[tuple[str, str | None]]:
    """Read a hierarchy: a table with columns child and parent; an empty parent names a root.

    Raises CurateError for an unreadable table, a missing column and a row without a child.
    """
    table = read_table(path, "--graph hierarchy:", "child, parent")
    if not {"child", "parent"} <= set(table.columns):
        raise CurateError(
            f"--graph hierarchy:{path} has columns {listed(table.columns)}; it needs child and"
            " parent, a row for each edge."
        )
    table = table.select(pl.col("child", "parent").cast(pl.String))
    childless = table["child"].fill_null("") == ""
    if childless.any():
        raise CurateError(
            f"--graph hierarchy:{path}, row {childless.arg_true()[0] + 1}: there is no child; fill"
            " it in or take the row out."
        )
    return [(child, parent) for child, parent in table.iter_rows()]


def read_matrix(path: Path) -> tuple[NDArray[Any], list[str]]:
    """Read S (M, M) and the names of its rows from a .npz file, without unpickling.

    Raises CurateError for another file and for arrays that are missing or hold objects.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if not {"S", "names"} <= set(arrays):
                raise CurateError(
                    f"--graph matrix:{path} has arrays {', '.join(arrays)}; it needs S and names:"
                    f" {SAVE}."
                )
            return arrays["S"], [str(name) for name in arrays["names"]]
    except (ValueError, EOFError, BadZipFile, AttributeError, TypeError) as error:
        raise CurateError(
            f"--graph matrix:{path} cannot be read ({error}); write it with {SAVE}."
        ) from error
