"""One sample in full: its columns, the classes nearest to it, and its neighbours in its class."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.exceptions import PolarsError

from curate.crawl.labels import stored_sets
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.errors import CurateError
from curate.store.folders import Folders
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work
from prototypes.engine.blocks import unit_rows
from prototypes.engine.neighbours import nearest_samples
from prototypes.engine.softmax import nearest_of_class
from prototypes.fit.space import AdaptedSpace

NEAREST = 8
"""Classes and neighbours that are listed."""
Values = list[tuple[str, float]]


@dataclass(frozen=True)
class Surroundings:
    """What lies near a sample in the space in which it was judged."""

    classes: int
    """Those with enough images to be judged."""
    look: Values
    """Those of them whose prototypes have the greatest cosine to it. The cosine of its own class is
    reduced by what the sample itself adds to that prototype."""
    rank: int | None
    """The place of its own class among them, from 1; None if it is not judged."""
    own: float
    """The cosine of its own class."""
    graph: Values
    """The classes nearest to its own by the relation graph S_t; empty without a graph."""
    neighbours: list[tuple[int, float]]
    """Rows of other samples of its class, and their cosines to it."""


@dataclass(frozen=True)
class Sample:
    """A row of a weighted manifest."""

    row: int
    label: str | None
    """Its own class: its label or, of several, the one that was asked for, else the worst."""
    known: pl.DataFrame
    """(1 row) as `Weighted.scan` gives it."""
    columns: dict[str, object]
    """All columns of the file, and of the manifest that it was made from."""
    around: Surroundings | None
    """None if it has no features or no label, or if the run's work is gone or damaged."""
    gone: str = ""
    """A sentence that says why ``around`` is None; '' if it is not."""


def find_sample(weighted: Weighted, row: int, label: str | None = None) -> Sample:
    """Read a row and what lies around it; only the features of its class are read."""
    known = weighted.read([row])
    label = _worst(known, label) if weighted.manifest.has_label_lists else known["label"].item()
    columns = weighted.columns_of(row)
    try:
        around = _surroundings(weighted, row, label)
    except CurateError as error:
        return Sample(row, label, known, columns, None, str(error))
    return Sample(row, label, known, columns, around)


def _worst(known: pl.DataFrame, wanted: str | None) -> str | None:
    """Choose the ``wanted`` label of an image, or else its worst."""
    labels = known["label"].item()
    if labels is None or len(labels) == 0 or wanted in labels.to_list():
        return wanted if labels is not None and len(labels) else None
    worst = known["label_quality"].item().arg_min()
    return None if worst is None else str(labels[worst])


def _surroundings(weighted: Weighted, row: int, label: str | None) -> Surroundings:
    """Find what lies around a row; raises CurateError, with the reason, if that is not known."""
    if not label:
        raise CurateError("it has no label.")
    work = weighted.work()
    if label not in work.classes:
        raise CurateError("its label is none of the classes that the run judged.")
    try:
        return _around(work, row, work.classes.index(label))
    except (OSError, ValueError, EOFError, IndexError, PolarsError) as error:
        raise CurateError(
            f"a file in {weighted.run} is damaged ({error}); run the same `curate weight` with"
            " --overwrite again."
        ) from error


def _around(work: Work, row: int, own: int) -> Surroundings:
    features = _features(work, row, own)
    fit = work.fit_of(row)
    g = fit.space.transform(features)
    cosines = nearest_of_class(g @ unit_rows(fit.prototypes.v).T, fit.prototypes.per_class)[0]
    cosines[own] -= fit.space.self_influence[own]
    order = np.argsort(-cosines, kind="stable")
    order = order[~np.isin(order, fit.prototypes.little_known)]
    place = np.flatnonzero(order == own)
    return Surroundings(
        classes=len(order),
        look=[(work.classes[at], float(cosines[at])) for at in order[:NEAREST]],
        rank=int(place[0]) + 1 if len(place) else None,
        own=float(cosines[own]),
        graph=_related(work, own),
        neighbours=_neighbours(work, fit.space, g, row, own),
    )


def _features(work: Work, row: int, label: int) -> NDArray[np.float16]:
    """Return a row's features (1, D); raises CurateError if it has none or another label now."""
    shard, at = work.place(row)
    labels, stored = unchecked(work)
    features = stored.rows(shard.name, np.array([at]))
    if label not in stored_sets(labels, shard)[at]:
        raise CurateError("the run judged another label of this row.")
    if not np.any(features != 0):
        raise CurateError("it has no features; its status says why.")
    return features


def _of_class(work: Work, label: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
    """Yield the rows (n,) of the file with a label, and their features (n, D), block by block."""
    labels, stored = unchecked(work)
    for shard in work.shards:
        of_file = work.file_rows[shard.first_row : shard.first_row + shard.rows]
        of_class = (stored_sets(labels, shard) == label).any(axis=1)
        rows = np.flatnonzero(of_class & (of_file >= 0))
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            yield of_file[block], stored.rows(shard.name, block)


def unchecked(work: Work) -> tuple[Folders, StoredFeatures]:
    """Open labels and features for a look at a few rows, without hashing all of them first."""
    labels, *parts = (
        Folders(store.root, checked=False) for store in (work.labels, *work.features.parts)
    )
    return labels, StoredFeatures(tuple(parts))


def _neighbours(
    work: Work, space: AdaptedSpace, g: NDArray[np.float32], row: int, label: int
) -> list[tuple[int, float]]:
    best: list[tuple[float, int]] = []
    for rows, features in _of_class(work, label):
        kept = (rows != row) & np.any(features != 0, axis=1)
        if kept.any():
            others = space.transform(features[kept])
            cosines, found = nearest_samples(g, others, min(NEAREST, len(others)))
            near = zip(cosines[0].tolist(), rows[kept][found[0]].tolist(), strict=True)
            best = sorted([*best, *near], key=lambda pair: (-pair[0], pair[1]))[:NEAREST]
    return [(found, cosine) for cosine, found in best]


def _related(work: Work, own: int) -> Values:
    """Return the classes nearest to one by S_t."""
    if work.relations is None:
        return []
    related = np.array(work.relations[own])
    related[own] = np.nan
    order = np.argsort(-related, kind="stable")[:NEAREST]
    return [(work.classes[at], float(related[at])) for at in order if not np.isnan(related[at])]
