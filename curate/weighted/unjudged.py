"""Labels that are not judged, because the crawl has too few images of their class."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.images.status import Status
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from prototypes.score.weights import mean_weight


def unjudged_labels(
    scores: pl.DataFrame, statuses: pl.Series, labels: NDArray[np.integer]
) -> NDArray[np.bool_]:
    """Tell which ``labels`` (n,) have an image with features, and yet no quality.

    See `prototypes.engine.little_known`.
    """
    given = (statuses == Status.OK).to_numpy() & (labels >= 0)
    return np.asarray(given & scores["label_quality"].is_null().to_numpy())


def usual_weight(scores: Folders, shards: Sequence[Shard], alpha: float, beta: float) -> float:
    """Return what a label weighs that is not judged: the mean weight of all that are."""
    tables = (scores.table(shard.name, "scores") for shard in shards)
    distances = (table["distance"].fill_null(np.nan).to_numpy() for table in tables)
    return mean_weight(distances, alpha, beta)
