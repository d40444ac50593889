"""One sample in full: its columns, the classes nearest to it, and its neighbours in its class."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.classes import count_classes
from curate.manifest.plan import Shard, read_plan
from curate.steps.labels import stored_sets
from curate.steps.lineage import Lineage, read_lineage
from curate.steps.state import load
from curate.steps.stored_features import BLOCK_ROWS, StoredFeatures
from curate.store.folders import Folders
from curate.weighted import Weighted
from prototypes.blocks import unit_rows
from prototypes.method import Prototypes
from prototypes.neighbours import nearest_samples
from prototypes.softmax import nearest_of_class
from prototypes.space import AdaptedSpace

NEAREST = 8
"""Classes and neighbours that are named."""
Values = list[tuple[str, float]]


@dataclass(frozen=True)
class Surroundings:
    """What lies near a sample in the space in which it was judged."""

    classes: int
    look: Values
    """The classes whose prototypes have the greatest cosine to it. From that of a label that it
    was given comes off what it has itself added to the prototype."""
    rank: int
    """Of its own class among all, counted from 1."""
    own: float
    """The cosine of its own class."""
    graph: Values
    """The classes that the relation graph S_t holds nearest to its own; empty without a graph."""
    neighbours: list[tuple[int, float]]
    """Rows of other samples of its class, and their cosines to it."""


@dataclass(frozen=True)
class Sample:
    """A row of a weighted manifest."""

    row: int
    label: str | None
    """Its own class: its label; of several the one that was asked for or the worst."""
    known: pl.DataFrame
    """(1 row) as `Weighted.scan` gives it."""
    columns: dict[str, object]
    """All columns of the file, and of the manifest that it was made from."""
    around: Surroundings | None
    """None where it has no features or no label, and where the run's folder is gone or is not
    that of these rows."""


def find_sample(weighted: Weighted, row: int, label: str | None = None) -> Sample:
    """Read a row and what lies around it; of the features only those of its class are read."""
    known = weighted.read([row])
    label = _worst(known, label) if weighted.manifest.has_label_lists else known["label"].item()
    around = None if not label else _surroundings(weighted, row, label)
    return Sample(row, label, known, weighted.columns_of(row), around)


def _worst(known: pl.DataFrame, wanted: str | None) -> str | None:
    """Choose among the labels of an image."""
    labels = known["label"].item()
    if labels is None or len(labels) == 0 or wanted in labels.to_list():
        return wanted if labels is not None and len(labels) else None
    worst = known["label_quality"].item().arg_min()
    return None if worst is None else str(labels[worst])


def _surroundings(weighted: Weighted, row: int, label: str) -> Surroundings | None:
    lineage = read_lineage(weighted.run, weighted.scores) if weighted.run else None
    if weighted.run is None or lineage is None:
        return None
    stored = _Stored.of(weighted, lineage)
    names = count_classes(weighted.manifest).names
    space = load(Folders(weighted.run / "space"), lineage.space, AdaptedSpace)
    prototypes = load(Folders(weighted.run / "prototypes"), lineage.prototypes, Prototypes)
    if len(names) != len(space.self_influence) or label not in names:
        return None
    own = names.index(label)
    features = stored.features_of(row, own)
    if features is None:
        return None
    g = space.transform(features)
    cosines = nearest_of_class(g @ unit_rows(prototypes.v).T, prototypes.per_class)[0]
    cosines[own] -= space.self_influence[own]
    order = np.argsort(-cosines, kind="stable")
    return Surroundings(
        classes=len(names),
        look=[(names[at], float(cosines[at])) for at in order[:NEAREST]],
        rank=int(np.flatnonzero(order == own)[0]) + 1,
        own=float(cosines[own]),
        graph=_related(weighted, lineage, names, own),
        neighbours=_neighbours(stored, space, g, row, own),
    )


@dataclass(frozen=True)
class _Stored:
    """Labels and features of a run's rows."""

    shards: Sequence[Shard]
    labels: Folders
    features: StoredFeatures
    rows: int

    @classmethod
    def of(cls, weighted: Weighted, lineage: Lineage) -> "_Stored":
        run = weighted.run
        assert run is not None
        stores = tuple(Folders(run / "features" / name, checked=False) for name in lineage.features)
        labels = Folders(run / "labels" / lineage.labels, checked=False)
        shards = read_plan(Folders(run / "plan"), lineage.plan)
        return cls(shards, labels, StoredFeatures(stores), weighted.rows)

    def features_of(self, row: int, label: int) -> NDArray[np.float16] | None:
        """Give a row's features (1, D); None where it has none, or where rows were moved."""
        if sum(shard.rows for shard in self.shards) != self.rows:
            return None
        shard = next(s for s in self.shards if row < s.first_row + s.rows)
        at = row - shard.first_row
        features = self.features.rows(shard.name, np.array([at]))
        there = label in stored_sets(self.labels, shard)[at] and np.any(features != 0)
        return features if there else None

    def of_class(self, label: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        """Give rows (n,) of a class and their features (n, D), by blocks."""
        for shard in self.shards:
            rows = np.flatnonzero((stored_sets(self.labels, shard) == label).any(axis=1))
            for start in range(0, len(rows), BLOCK_ROWS):
                block = rows[start : start + BLOCK_ROWS]
                yield block + shard.first_row, self.features.rows(shard.name, block)


def _neighbours(
    stored: _Stored, space: AdaptedSpace, g: NDArray[np.float32], row: int, label: int
) -> list[tuple[int, float]]:
    best: list[tuple[float, int]] = []
    for rows, features in stored.of_class(label):
        kept = (rows != row) & np.any(features != 0, axis=1)
        if kept.any():
            others = space.transform(features[kept])
            cosines, found = nearest_samples(g, others, min(NEAREST, len(others)))
            near = zip(cosines[0].tolist(), rows[kept][found[0]].tolist(), strict=True)
            best = sorted([*best, *near], key=lambda pair: (-pair[0], pair[1]))[:NEAREST]
    return [(found, cosine) for cosine, found in best]


def _related(weighted: Weighted, lineage: Lineage, names: Sequence[str], own: int) -> Values:
    """Read the row of S_t that is the class's."""
    if lineage.relations is None or weighted.run is None:
        return []
    store = Folders(weighted.run / "graph", checked=False)
    related = np.array(store.array(lineage.relations, "relations")[own], np.float32)
    related[own] = np.nan
    order = np.argsort(-related, kind="stable")[:NEAREST]
    return [(names[at], float(related[at])) for at in order if not np.isnan(related[at])]
