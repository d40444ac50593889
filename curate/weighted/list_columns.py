"""The added columns where an image has a list of labels."""

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.images.status import Status
from curate.manifest.classes import Classes
from curate.weighted.columns import as_labels

Lists = tuple[NDArray[np.int32], NDArray[np.int32]]
"""given (E,) and lengths (n,), as `curate.crawl.labels.index_labels` keeps them."""


def list_columns(
    pairs: pa.Table,
    lists: Lists,
    missing: pl.DataFrame,
    statuses: pl.Series,
    classes: Classes,
    column: pa.DataType,
) -> pa.Table:
    """Turn the added columns of (row, label) pairs into those of n rows, in the same order.

    - ``weight``, ``label_quality``, ``distance``, ``consistency``, ``is_label_issue`` and
      ``issue_kind`` have a value for each element of the given list: that of the image and this
      label, where the image's other labels are no rivals. A label listed twice has the same
      values twice. A null or empty element is no label: its weight is 0 and its other values are
      null, as are those of every element of an image without features. The list is empty where
      the given list is empty or null.
    - ``suggested_label``: the labels that the image seems to lack, best first: classes that were
      not given and whose prototype's cosine to the image is at least
      `prototypes.score.quality.OUTLIER_COSINE` (below it, a wrong given label counts as an
      outlier). Null without features.
    - ``suggested_quality``: for each of them the quality that it would have if it were given too.
    - ``status`` is the row's.
    """
    ours: dict[str, pa.Array] = {}
    for name in pairs.column_names:
        if name == "status":
            ours[name] = statuses.to_arrow()
        elif name == "suggested_label":
            labels = as_labels(classes, missing["suggested"], column)
            ours[name] = _of_images(labels, missing["row"], statuses)
        elif name == "suggested_quality":
            ours[name] = _of_images(missing[name].to_arrow(), missing["row"], statuses)
        else:
            ours[name] = _of_elements(pairs[name], lists, 0 if name == "weight" else None)
    return pa.table(ours)


def _of_elements(pairs: pa.ChunkedArray, lists: Lists, default: float | None) -> pa.ListArray:
    """Give each element of the lists the value of its pair."""
    given, lengths = lists
    values = pairs.combine_chunks().take(pa.array(given, mask=np.asarray(given) < 0))
    if default is not None:
        values = pc.fill_null(values, default)
    return pa.ListArray.from_arrays(_offsets(lengths), values)


def _of_images(values: pa.Array, rows: pl.Series, statuses: pl.Series) -> pa.ListArray:
    """Gather values by their row; null for a row without features."""
    lengths = np.bincount(rows.to_numpy(), minlength=len(statuses))
    failed = (statuses != Status.OK).to_arrow()
    return pa.ListArray.from_arrays(_offsets(lengths), values, mask=failed)


def _offsets(lengths: NDArray[np.integer]) -> pa.Array:
    return pa.array(np.append(0, np.cumsum(lengths)), pa.int32())
