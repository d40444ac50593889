"""Each row's labels as positions in the classes, kept by shards."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.manifest.classes import NO_CLASS, Classes
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.read import read_shards
from curate.store.folders import Content, Folders
from curate.store.run import Advance, Run
from curate.store.step import KeptShards, Step, Task, ready

MOST_LABELS = 256
"""Of one image; a longer list is hardly one of labels."""

Positions = NDArray[np.int32]


LABELS = Step("labels", code=(__name__,))


def keep_labels(manifest: Manifest, shards: Sequence[Shard], classes: Classes, run: Run) -> Folders:
    """Make sure that every shard's labels are indexed, and return where."""
    facts = {"label": manifest.columns.label, "classes": classes.names}
    return index_labels(manifest, shards, classes, LABELS.by_shard(run, facts))


def index_labels(
    manifest: Manifest, shards: Sequence[Shard], classes: Classes, kept: KeptShards
) -> Folders:
    """Index the labels of the shards that are missing, as int32 positions in the classes.

    Where an image has one label: labels (n,), -1 for no label. Where it has a list: labels
    (n, L), each row's distinct labels filled up with -1; given (E,), for each element of the lists
    the pair (see `label_pairs`) that it stands for, -1 for null; lengths (n,) of the lists.
    """

    def tasks(missing: list[Shard], _: Advance) -> Iterator[tuple[Shard, Task]]:
        for shard, batches in read_shards(manifest, missing, [manifest.columns.label]):
            column = pa.chunked_array([batch.column(0) for batch in batches])
            indexed = _sets if manifest.has_label_lists else _single
            yield ready(shard, indexed(manifest, shard, column, classes))

    return kept.stream(shards, tasks)


def _single(
    manifest: Manifest, shard: Shard, column: pa.ChunkedArray, classes: Classes
) -> dict[str, Content]:
    return {"labels": classes.indices(_texts(manifest, pl.Series(column)))}


def _sets(
    manifest: Manifest, shard: Shard, column: pa.ChunkedArray, classes: Classes
) -> dict[str, Content]:
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy().astype(np.int32)
    elements = classes.indices(_texts(manifest, pl.Series(pc.list_flatten(column))))
    sets, given = label_sets(elements, lengths, len(classes.names))
    if sets.shape[1] > MOST_LABELS:
        row = shard.first_row + int((sets >= 0).sum(axis=1).argmax()) + 1
        raise CurateError(
            f"{manifest.path}, row {row}: column '{manifest.columns.label}' has"
            f" {sets.shape[1]:,} labels, and curate takes {MOST_LABELS} of an image at most;"
            " name the column that holds the labels with --label."
        )
    return {"labels": sets, "given": given, "lengths": lengths}


def _texts(manifest: Manifest, labels: pl.Series) -> pl.Series:
    return pl.select(manifest.label_texts(pl.lit(labels))).to_series()


def label_sets(
    elements: Positions, lengths: Positions, classes: int
) -> tuple[Positions, Positions]:
    """Turn lists of labels, ``elements`` (E,) of rows of ``lengths`` (n,), into sets.

    Returns the distinct labels of each row in order (n, L), L ≥ 1, filled up with -1, and for each
    element its pair (E,), or -1 where it is no label.
    """
    labelled = np.flatnonzero(elements != NO_CLASS)
    row_of = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)[labelled]
    distinct, of_element = np.unique(row_of * classes + elements[labelled], return_inverse=True)
    rows, labels = np.divmod(distinct, classes)
    counts = np.bincount(rows, minlength=len(lengths))
    place = np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    sets = np.full((len(lengths), max(counts.max(initial=1), 1)), NO_CLASS, np.int32)
    sets[rows, place] = labels
    pairs = np.maximum(counts, 1)
    given = np.full(len(elements), -1, np.int32)
    given[labelled] = ((np.cumsum(pairs) - pairs)[rows] + place)[of_element]
    return sets, given


def label_pairs(sets: Positions) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the (row, place) of every label in sets (n, L); a row without labels is one pair too."""
    is_pair = sets != NO_CLASS
    is_pair[:, 0] = True
    rows, places = np.nonzero(is_pair)
    return rows, places


def stored_sets(store: Folders, shard: Shard) -> Positions:
    """Map the labels of a shard as (n, L), L = 1 where images have one label each."""
    labels = store.array(shard.name, "labels")
    return labels if labels.ndim == 2 else labels[:, None]
