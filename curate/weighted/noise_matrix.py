"""The estimated noise matrix as a table in the run folder."""

from pathlib import Path

import polars as pl

from curate.crawl.crawl import Crawl
from curate.store.atomic import appearing_file
from curate.store.run import Run
from curate.store.step import Made, found_or_made
from curate.weighted.columns import as_labels
from prototypes.score.noise_matrix import OUTSIDE, NoiseCounts

NOISE_MATRIX = "noise_matrix.parquet"
STEP, COUNTS = "noise", "counts"


def write_noise_matrix(counts: NoiseCounts, crawl: Crawl, scores: str) -> None:
    """Write a row for every pair of given and true class that occurs, by true, commonest first.

    It is kept under the name of the scores that it was counted from. A copy in the run folder is
    for the user, until the next run replaces it.

    Columns given and true (of the type of the manifest's labels; a null in true: none of the
    classes), count, given_by_true = p(given | true) and true_by_given = p(true | given).
    """
    classes, label_type, run = crawl.classes, crawl.manifest.label_type, crawl.run
    true = pl.Series(counts.true).replace(OUTSIDE, None)
    table = pl.DataFrame(
        {
            "given": as_labels(classes, pl.Series(counts.given), label_type),
            "true": as_labels(classes, true, label_type),
            "count": counts.counts,
            "given_by_true": counts.given_by_true(),
            "true_by_given": counts.true_by_given(),
        }
    ).sort("true", "count", "given", descending=[False, True, False], nulls_last=True)
    found_or_made(run.step(STEP), scores, lambda: Made({COUNTS: table}))
    with appearing_file(run.folder / NOISE_MATRIX) as unfinished:
        table.write_parquet(unfinished)


def read_noise_matrix(run: Path | None, scores: str | None) -> pl.DataFrame | None:
    """Read the matrix that was counted from these scores; None where the run does not have it."""
    if run is None or scores is None or scores not in (kept := Run(run).step(STEP)):
        return None
    return kept.table(scores, COUNTS)
