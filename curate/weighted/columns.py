"""The columns that curate adds to a manifest."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.classes import Classes
from curate.manifest.columns import label_type
from prototypes.score.weights import sample_weight

NAMES = (
    "weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
    "issue_kind", "distance", "consistency", "status",
)  # fmt: skip
AGREEMENT = "caption_agreement"
"""Added by --caption-agreement."""
COPY_NAMES = ("duplicate_of", "duplicates")
"""Key (or else number) of the row that a row is a copy of; null for one that is of none, and for
the first of a group. How many rows its group has: 1 without copies, null without features. Left
out by --no-duplicates."""
SOFT_NAMES = ("soft_labels", "soft_probabilities")
"""Added by --soft-labels."""
REFINED_NAMES = ("refined_label", "refined_probability", "refined_weight", "refined_classes",
                 "refined_probabilities")  # fmt: skip
"""Added by `curate refine`: the label it considers right, its probability and weight, and the
likeliest classes (lists, best first) with their probabilities."""
REFINED_LISTS = REFINED_NAMES[3:]
"""Those that are lists; a CSV cannot hold them and is written without them."""
NOISE_NAMES = ("noise_free", "noise_random", "noise_confusing")
"""Added by `curate refine --head xiao`: the posterior of each type of noise."""
TAR_COLUMNS = {"tar", "offset", "length"}
"""Columns that `curate weight` writes for pictures inside a tar."""


def refuse_taken_names(
    present: Sequence[str], prefix: str, manifest: str, names: Sequence[str] = NAMES
) -> None:
    """Refuse a manifest that already has a column with the name of one that curate adds."""
    for name in names:
        if prefix + name in present:
            raise CurateError(
                f"{manifest} already has a column '{prefix}{name}'; choose other names with"
                f" --prefix, such as --prefix {'curate_' if not prefix else 'sinet_'}."
            )


def free_prefix(present: Sequence[str]) -> str:
    """Return the first prefix that makes new columns of NAMES and COPY_NAMES beside these."""
    prefixes = "", "curate_", "sinet_"
    taken = {*present}
    return next(
        (each for each in prefixes if not {each + name for name in (*NAMES, *COPY_NAMES)} & taken),
        "",
    )


def our_columns(
    scores: pl.DataFrame,
    statuses: pl.Series,
    classes: Classes,
    column: pa.DataType,
    alpha: float,
    beta: float,
    unjudged: NDArray[np.bool_],
    usual: float,
) -> pa.Table:
    """Make the columns of NAMES (n rows) from stored scores, and AGREEMENT where it is scored.

    A row without a distance (no features, or no label) has weight 0, except for ``unjudged`` labels
    (n,), which weigh the ``usual``. Suggested labels have the
    type of the manifest's labels; ``column`` is the type of their column. Where images have lists
    of labels, a row is a (row, label) pair here; see `list_columns`.
    """
    distance = scores["distance"].fill_null(np.nan).to_numpy()
    weight = np.where(unjudged, np.float32(usual), sample_weight(distance, alpha, beta))
    suggested = as_labels(classes, scores["suggested"], column)
    table = scores.select(
        pl.Series("weight", weight, pl.Float32),
        "label_quality",
        "suggested_quality",
        "is_label_issue",
        "issue_kind",
        "distance",
        "consistency",
        *({AGREEMENT} & set(scores.columns)),
        statuses.alias("status"),
    ).to_arrow()
    return table.add_column(NAMES.index("suggested_label"), "suggested_label", suggested)


def soft_columns(
    labels: NDArray[np.int32],
    probabilities: NDArray[np.float32],
    has_features: NDArray[np.bool_],
    classes: Classes,
    column: pa.DataType,
) -> pa.Table:
    """Make the columns of SOFT_NAMES, lists, from soft labels (n, K + 1), the given one first.

    A row without features has its given label alone; a row without a label has nulls.
    """
    unlabelled = labels[:, 0] < 0
    lengths = np.where(unlabelled, 0, np.where(has_features, labels.shape[1], 1))
    kept = np.arange(labels.shape[1]) < lengths[:, None]
    offsets = pa.array(np.append(0, lengths.cumsum()), pa.int32())
    values = (as_labels(classes, pl.Series(labels[kept]), column), pa.array(probabilities[kept]))
    return pa.table(
        {
            name: pa.ListArray.from_arrays(offsets, value, mask=pa.array(unlabelled))
            for name, value in zip(SOFT_NAMES, values, strict=True)
        }
    )


def as_labels(classes: Classes, positions: pl.Series, column: pa.DataType) -> pa.Array:
    """Turn positions of classes (n,) into labels of the type that a ``column`` of labels has."""
    names = pl.Series(classes.names).to_arrow()
    return names.take(positions.to_arrow()).cast(label_type(column))
