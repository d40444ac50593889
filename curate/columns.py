"""The columns that curate adds to a manifest."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pyarrow as pa

from curate.classes import Classes
from curate.errors import CurateError
from curate.manifest.columns import label_type
from prototypes.weights import sample_weight

NAMES = (
    "weight", "label_quality", "suggested_label", "suggested_quality", "is_label_issue",
    "issue_kind", "distance", "consistency", "status",
)  # fmt: skip
AGREEMENT = "caption_agreement"
"""Where captions are compared with labels."""


def check_names(
    present: Sequence[str], prefix: str, manifest: str, names: Sequence[str] = NAMES
) -> None:
    """Refuse a manifest that has a column of the same name as one of ours."""
    for name in names:
        if prefix + name in present:
            raise CurateError(
                f"{manifest} already has a column '{prefix}{name}'; give ours other names with"
                f" --prefix, such as --prefix {'curate_' if not prefix else 'sinet_'}."
            )


def our_columns(
    scores: pl.DataFrame,
    statuses: pl.Series,
    classes: Classes,
    column: pa.DataType,
    alpha: float,
    beta: float,
) -> pa.Table:
    """Make the added columns (n rows), as named in NAMES, from stored scores; and AGREEMENT.

    What has no distance (no features, or no label) weighs 0.

    A suggested label has the type of the manifest's labels, which are in a ``column`` of that type.
    Where images have lists of labels these are columns of (row, label) pairs, see `label_lists`.
    """
    distance = scores["distance"].fill_null(np.nan).to_numpy()
    suggested = pl.Series(classes.names).gather(scores["suggested"])
    table = scores.select(
        pl.Series("weight", sample_weight(distance, alpha, beta), pl.Float32),
        "label_quality",
        suggested.alias("suggested_label"),
        "suggested_quality",
        "is_label_issue",
        "issue_kind",
        "distance",
        "consistency",
        *({AGREEMENT} & set(scores.columns)),
        statuses.alias("status"),
    ).to_arrow()
    at = table.schema.get_field_index("suggested_label")
    return table.set_column(at, "suggested_label", table.column(at).cast(label_type(column)))
