"""`curate.find_label_issues`: for those who come from cleanlab."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError

COLUMNS = ("is_label_issue", "label_quality", "suggested_label", "weight")


@dataclass(frozen=True)
class LabelIssues:
    """What is suspected of each of N labels."""

    is_label_issue: NDArray[np.bool_]
    """(N,)"""
    label_quality: NDArray[np.float32]
    """(N,), from 0 to 1, low is bad; NaN for what is not judged."""
    suggested_label: NDArray[Any]
    """(N,): the class that fits best, of the type of the labels; None for what is not judged."""
    weight: NDArray[np.float32]
    """(N,): what a loss is multiplied by."""

    @property
    def indices(self) -> NDArray[np.int64]:
        """Where labels are suspected, that of lowest quality first."""
        suspects = np.flatnonzero(self.is_label_issue)
        return suspects[np.argsort(self.label_quality[suspects], kind="stable")]


def label_issues(
    weigh: Callable[..., pl.DataFrame], labels: Any, embeddings: Any, options: Mapping[str, Any]
) -> LabelIssues:
    """Weigh labels (N,) by embeddings (N, D); raises CurateError for lists of labels."""
    rows = weigh(labels=labels, embeddings=embeddings, **options)
    if rows["label"].dtype.is_nested():
        raise CurateError(
            "find_label_issues() takes one label for each row; weigh lists of labels with"
            " weight(labels=..., embeddings=...), which judges each label of a list."
        )
    prefix = options.get("prefix", "")
    flags, quality, suggested, weight = (rows[prefix + name] for name in COLUMNS)
    return LabelIssues(
        flags.fill_null(False).to_numpy(),
        quality.fill_null(np.nan).to_numpy(),
        _objects(suggested),
        weight.to_numpy(),
    )


def _objects(labels: pl.Series) -> NDArray[Any]:
    """Give integers or texts (N,); objects where some are None."""
    return labels.to_numpy() if not labels.null_count() else np.array(labels.to_list(), object)
