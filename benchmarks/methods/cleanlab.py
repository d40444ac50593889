"""cleanlab from out-of-sample predictions of a logistic regression, as its tutorials advise."""

from pathlib import Path

import numpy as np
from cleanlab.count import num_label_issues
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray

from benchmarks.methods import Judgement, Task
from benchmarks.methods.regression import predict
from curate.errors import CurateError
from prototypes.engine.blocks import unit_rows


def judge(task: Task) -> Judgement:
    """Run cleanlab with its defaults: both quality scores, the flag, the number of issues."""
    labels = task.labels
    predicted = predict(unit_rows(task.features), labels)
    scores = {
        method: get_label_quality_scores(labels, predicted, method=method)
        for method in ("self_confidence", "normalized_margin")
    }
    # One process: forked ones would count shared memory twice, and take no less time here.
    flag = find_label_issues(labels, predicted, n_jobs=1)
    return Judgement(scores, flag, num_label_issues(labels, predicted) / len(labels))


def kept_rows(task: Task, predictions: Path | None) -> NDArray[np.bool_]:
    """Tell the rows (N,) that find_label_issues leaves in.

    ``predictions`` is an .npz of `predict`'s probabilities and labels, made if it is not there.
    """
    labels = task.labels
    if predictions is not None and predictions.is_file():
        with np.load(predictions, allow_pickle=False) as stored:
            predicted, stored_labels = stored["predicted"], stored["labels"]
        if not np.array_equal(labels, stored_labels):
            raise CurateError(f"{predictions} is of other labels; name a file that is not there.")
    else:
        predicted = predict(unit_rows(task.features), labels).astype(np.float32)
        if predictions is not None:
            np.savez(predictions, predicted=predicted, labels=labels)
    return np.asarray(~find_label_issues(labels, predicted.astype(np.float64), n_jobs=1))
