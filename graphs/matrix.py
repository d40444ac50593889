"""A user's own relation matrix S, with named rows, mapped to the classes of a crawl."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def matrix_graph(
    classes: Sequence[str], S: NDArray[Any], names: Sequence[str]
) -> NDArray[np.float32]:
    """Return the entries of S (M, M) for the classes: (C, C), NaN for pairs that S lacks.

    ``names[i]`` is the class of row and column i. S may be NaN where a relation is unknown, and
    need not be symmetric: row i says what images of class i look like. Raises ValueError if S has
    another shape, a duplicate name, an infinite entry or none of the classes.
    """
    _check(S, names)
    row_of = {name: row for row, name in enumerate(names)}
    known = np.array([name in row_of for name in classes])
    if not known.any():
        raise ValueError(
            f"none of the {len(classes):,} classes is in names, such as {classes[0]!r}; write the "
            "names as the labels are written."
        )
    rows = np.array([row_of[name] for name in classes if name in row_of], np.intp)
    taken = np.full((len(classes), len(classes)), np.nan, np.float32)
    taken[np.ix_(known, known)] = S[np.ix_(rows, rows)]
    return taken


def _check(S: NDArray[Any], names: Sequence[str]) -> None:
    if S.shape != (len(names), len(names)) or not np.issubdtype(S.dtype, np.number):
        raise ValueError(
            f"S is {S.dtype} of shape {S.shape} and there are {len(names):,} names; give a square "
            "matrix of numbers with a row, a column and a name for each class."
        )
    if len(set(names)) != len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"the name {twice!r} occurs twice; give each class one row.")
    if np.isinf(S).any():
        row, column = np.argwhere(np.isinf(S))[0]
        raise ValueError(
            f"S is infinite at {names[row]!r}, {names[column]!r}; write NaN for unknown relations."
        )
