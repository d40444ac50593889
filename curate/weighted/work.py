"""What weights were made from, kept in the run folder for the commands that follow."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.crawl import row_keys
from curate.crawl.fit import Fit
from curate.crawl.gathered import gathered_distances, gathered_features, gathered_labels
from curate.crawl.stored_features import BLOCK_ROWS, StoredFeatures
from curate.errors import CurateError
from curate.manifest.plan import Shard, shards_of, stored_plan
from curate.relations.graph import load_relations
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.store.run import Run
from curate.store.state import stored
from curate.store.step import Made, found_or_made
from curate.store.versions import today, versions
from curate.weighted.unjudged import usual_weight
from prototypes.fit.space import AdaptedSpace
from prototypes.method import Prototypes

STEP, FACTS = "work", "work"


@dataclass(frozen=True)
class WorkNames:
    """The names of the parts of a `Work` in the run folder, and the chosen options."""

    plan: str
    features: tuple[str, ...]
    labels: str
    space: str
    prototypes: str
    blind_space: str
    blind_prototypes: str
    unverified: str
    relations: str | None
    classes: tuple[str, ...]
    encoder: str
    alpha: float
    beta: float
    scores: str
    keys: str | None
    """None where the crawl has no key column."""
    class_table: str = ""
    """Name of the class table; '' where it was not recorded."""
    copies: str | None = None
    """None where copies were not looked for."""

    def remember(self, run: Run) -> str:
        """Keep the names in the run folder; return the name by which `load_work` finds them."""
        made = Made({FACTS: vars(self)}, {"day": today(), "versions": versions()})
        return found_or_made(run.step(STEP), fingerprint(**vars(self)), lambda: made).name


@dataclass(frozen=True)
class Work:
    """The features, labels, space and prototypes that weights were made from."""

    shards: tuple[Shard, ...]
    features: StoredFeatures
    labels: Folders
    """As given; see `curate.crawl.labels`."""
    unverified: Folders
    """The given labels of the rows that nobody has verified; -1 elsewhere."""
    fit: Fit
    """Made with the verified rows, if any; all other rows were judged by it."""
    blind_fit: Fit
    """Made from the given labels of all rows alone. It judges the verified rows, and heads learn
    from it: it treats a verified row like any other."""
    relations: NDArray[np.float32] | None
    """S_t (C, C); None without a graph."""
    classes: tuple[str, ...]
    encoder: str
    """As the user named it."""
    alpha: float
    beta: float
    scores: Folders
    keys: Folders | None
    """See `curate.crawl.row_keys`; None where the crawl has no key column."""
    order: NDArray[np.int64] | None = None
    """(N,): the run's row of each row of the file; None where both have the same rows."""

    def __getstate__(self) -> dict[str, Any]:
        """Travel without what is found again, such as a number for each row."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def rows(self) -> int:
        """N, of the file."""
        return len(self.run_rows)

    @cached_property
    def run_rows(self) -> NDArray[np.int64]:
        """Give the run's row (N,) of each row of the file."""
        total = sum(shard.rows for shard in self.shards)
        return np.arange(total) if self.order is None else self.order

    @cached_property
    def file_rows(self) -> NDArray[np.int64]:
        """Give the file's row of each row of the run; -1 for a row that the file lacks."""
        rows = np.full(sum(shard.rows for shard in self.shards), -1, np.int64)
        rows[self.run_rows] = np.arange(self.rows)
        return rows

    @cached_property
    def file_shards(self) -> tuple[Shard, ...]:
        """Divide the file's rows into shards: the run's, unless the file has other rows."""
        return self.shards if self.order is None else shards_of(len(self.order))

    @property
    def rows_digest(self) -> str | None:
        """Hash which rows the file has, in which order; None where they are the run's."""
        return None if self.order is None else sha256(self.order.tobytes()).hexdigest()

    def blocks(self, shard: Shard) -> Iterator[NDArray[np.int64]]:
        """Give the rows (n,) of one of the file's shards, ``BLOCK_ROWS`` at a time."""
        stop = shard.first_row + shard.rows
        for start in range(shard.first_row, stop, BLOCK_ROWS):
            yield np.arange(start, min(start + BLOCK_ROWS, stop))

    def features_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
        """Return features (n, D) of rows (n,) of the file, and which rows have features (n,)."""
        return gathered_features(self.shards, self.features, self.run_rows[rows])

    def labels_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the given labels (n, L) of rows (n,) of the file, filled up with -1."""
        return gathered_labels(self.shards, self.labels, self.run_rows[rows])

    def distances_of(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the distances (n, L) that rows (n,) of the file have to their given labels."""
        return gathered_distances(self.shards, self.labels, self.scores, self.run_rows[rows])

    @cached_property
    def usual_weight(self) -> float:
        """Return what a label weighs that is not judged."""
        return usual_weight(self.scores, self.shards, self.alpha, self.beta)

    def place(self, row: int) -> tuple[Shard, int]:
        """Say in which of the run's shards a row of the file lies, and where in it."""
        at = int(self.run_rows[row])
        shard = next(s for s in self.shards if at < s.first_row + s.rows)
        return shard, at - shard.first_row

    def fit_of(self, row: int) -> Fit:
        """Return the fit by which a row of the file was judged."""
        shard, at = self.place(row)
        given, unverified = (
            part.array(shard.name, "labels")[at] for part in (self.labels, self.unverified)
        )
        return self.blind_fit if np.any(given != unverified) else self.fit


def made_with(run: Run, name: str) -> tuple[dict[str, str], str]:
    """Give the versions that the work of that name was made with, and the day."""
    receipt = run.step(STEP).receipt(name)
    return receipt.get("versions", versions()), receipt.get("day", today())


def work_names(folder: Path, name: str) -> WorkNames:
    """Read the names of that name; raises FileNotFoundError where there are none."""
    names = Run(folder).step(STEP).settings(name, FACTS)
    return WorkNames(**names)  # type: ignore[arg-type]


def known_names(run: Path, work: str | None) -> WorkNames | None:
    """Read the names of the parts of a work; None where they are unknown."""
    try:
        return None if work is None else work_names(run, work)
    except (FileNotFoundError, TypeError):
        return None


def load_work(folder: Path, name: str) -> Work:
    """Open the work of that name in a run folder; raises CurateError where part of it is gone."""
    run = Run(folder)
    try:
        names = work_names(folder, name)
        shards = stored_plan(run.step("plan"), names.plan)
        parts = tuple(run.step("features", part) for part in names.features)
        labels = run.step("labels", names.labels)
        unverified = run.step("labels", names.unverified)
        scores = run.step("scores", names.scores)
        keys = None if names.keys is None else run.step(row_keys.STEP.name, names.keys)
        stores = [
            store for store in (*parts, labels, unverified, scores, keys) if store is not None
        ]
        for store, shard in product(stores, shards):
            if shard.name not in store:
                raise FileNotFoundError(store.root / shard.name)
        features = StoredFeatures(parts)
        for shard in shards:
            features.check_files(shard.name)
        return Work(
            shards,
            features,
            labels,
            unverified,
            _fit(run, names.space, names.prototypes),
            _fit(run, names.blind_space, names.blind_prototypes),
            None if names.relations is None else load_relations(run.step("graph"), names.relations),
            tuple(names.classes),
            names.encoder,
            names.alpha,
            names.beta,
            scores,
            keys,
        )
    except (FileNotFoundError, TypeError) as error:
        raise CurateError(
            f"{folder} no longer holds what the weights were made from (gone:"
            f" {getattr(error, 'filename', None) or error}); run the same `curate weight` with"
            " --overwrite again."
        ) from error


def _fit(run: Run, space: str, prototypes: str) -> Fit:
    return Fit(
        stored(run.step("space"), space, AdaptedSpace),
        stored(run.step("prototypes"), prototypes, Prototypes),
    )
