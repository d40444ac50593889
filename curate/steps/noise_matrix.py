"""The estimated noise matrix as a table in the run folder."""

from pathlib import Path

import polars as pl

from curate.classes import Classes
from curate.columns import as_labels
from curate.manifest.manifest import Manifest
from curate.store.atomic import appearing_file
from prototypes.noise_matrix import OUTSIDE, NoiseCounts

NOISE_MATRIX = "noise_matrix.parquet"
SCORES = "scores"
"""Key of the Parquet file's metadata: the name of the scores that it was counted from."""


def write_noise_matrix(
    counts: NoiseCounts, manifest: Manifest, classes: Classes, run: Path, scores: str
) -> None:
    """Write a row for every pair of given and true class that occurs, by true, commonest first.

    Columns given and true (of the type of the manifest's labels; a null in true: none of the
    classes), count, given_by_true = p(given | true) and true_by_given = p(true | given).
    """
    label_type = manifest.schema.field(manifest.columns.label).type
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
    with appearing_file(run / NOISE_MATRIX) as unfinished:
        table.write_parquet(unfinished, metadata={SCORES: scores})


def read_noise_matrix(run: Path | None, scores: str | None) -> pl.DataFrame | None:
    """Read the matrix of a run; None where it has none that was counted from these scores."""
    if run is None or scores is None:
        return None
    path = run / NOISE_MATRIX
    try:
        found = pl.read_parquet_metadata(path).get(SCORES)
        return pl.read_parquet(path) if found == scores else None
    except (OSError, pl.exceptions.ComputeError):
        return None
