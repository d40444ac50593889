"""Whether verified rows are enough for a head to learn from."""

from pathlib import Path

import numpy as np

from curate.errors import CurateError
from curate.heads.training import Positions
from curate.terminal.printable import brief, counted
from curate.terminal.skipped import Skipped
from curate.weighted.weighted import Weighted

LEAST_VERIFIED = 10


def require_enough(
    labels: Positions, path: Path, skipped: tuple[Skipped, ...], weighted: Weighted
) -> None:
    """Raise CurateError for fewer than LEAST_VERIFIED rows, or two kinds of labels.

    ``labels`` (V, L) are those of the rows of ``path`` that the crawl has, filled up with -1;
    ``skipped`` is what else the table holds. None of the classes is a kind.
    """
    named = len(np.unique(labels[labels >= 0]))
    kinds = named + bool((labels < 0).all(axis=1).any())
    if not len(labels):
        why = "; ".join(map(str, skipped)) or "it has no rows"
        raise CurateError(
            f"--verified {path} names no row of {weighted.path}: {why}; {_as_there(weighted)}."
        )
    if not named:
        raise CurateError(
            f"--verified {path}: all {counted(len(labels), 'row')} that {weighted.path} has are"
            " without a label, which says that they show none of the classes; a head needs rows of"
            " two classes at least. Write the labels into a column 'label'."
        )
    if len(labels) < LEAST_VERIFIED or kinds < 2:
        raise CurateError(
            f"--verified {path}: {counted(len(labels), 'row')} of"
            f" {counted(named, 'class', 'classes')} in {weighted.path}, and a head needs"
            f" {LEAST_VERIFIED} rows of two classes at least; verify more with `curate"
            " verify`, or use --head nmn without --verified."
        )


def _as_there(weighted: Weighted) -> str:
    """Say how rows are named, with the first row's key."""
    key = weighted.manifest.columns.key
    if key is None:
        return "write the number of each row, from 0"
    first = brief(str(weighted.read([0])["key"][0]))
    return f"write keys as they stand in its column '{brief(key)}', such as '{first}'"
