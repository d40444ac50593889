"""What a run made weights from, found again by the commands that go on from there."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.making import today, versions
from curate.manifest.plan import Shard, stored_plan
from curate.run import Run
from curate.steps.graph import load_relations
from curate.steps.state import stored
from curate.steps.stored_features import StoredFeatures
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from prototypes.method import Prototypes
from prototypes.space import AdaptedSpace

STEP, FACTS = "work", "work"


@dataclass(frozen=True)
class WorkNames:
    """By which names the parts of a `Work` lie in the run folder, and what was chosen."""

    plan: str
    features: tuple[str, ...]
    labels: str
    space: str
    prototypes: str
    relations: str | None
    classes: tuple[str, ...]
    encoder: str
    alpha: float
    beta: float
    scores: str
    class_table: str = ""
    """Of what the classes were taken for; '' where that was not remembered."""

    def remember(self, run: Run) -> str:
        """Write this down in the run; returns the name by which `recall` finds it."""
        name = fingerprint(**vars(self))
        if name not in run.step(STEP):
            run.step(STEP).write(name, {FACTS: vars(self)}, day=today(), versions=versions())
        return name


@dataclass(frozen=True)
class Work:
    """The features, labels, space and prototypes that weights were made from."""

    shards: tuple[Shard, ...]
    features: StoredFeatures
    labels: Folders
    """As given; see `curate.steps.labels`."""
    space: AdaptedSpace
    prototypes: Prototypes
    relations: NDArray[np.float32] | None
    """S_t (C, C); None without a graph."""
    classes: tuple[str, ...]
    encoder: str
    """As the user named it."""
    alpha: float
    beta: float


def made_with(run: Run, name: str) -> tuple[dict[str, str], str]:
    """Give the versions that the work of that name was made with, and the day."""
    receipt = run.step(STEP).receipt(name)
    return receipt.get("versions", versions()), receipt.get("day", today())


def work_names(folder: Path, name: str) -> WorkNames:
    """Read the names of that name; raises FileNotFoundError where there are none."""
    names = Run(folder).step(STEP).settings(name, FACTS)
    return WorkNames(**names)  # type: ignore[arg-type]


def recall(folder: Path, name: str) -> Work:
    """Open the work of that name in a run folder; raises CurateError where part of it is gone."""
    run = Run(folder)
    try:
        names = work_names(folder, name)
        shards = stored_plan(run.step("plan"), names.plan)
        parts = tuple(run.step("features", part) for part in names.features)
        labels = run.step("labels", names.labels)
        if any(shard.name not in part for shard in shards for part in (*parts, labels)):
            raise FileNotFoundError
        features = StoredFeatures(parts)
        for shard in shards:
            features.check_lent(shard.name)
        return Work(
            shards,
            features,
            labels,
            stored(run.step("space"), names.space, AdaptedSpace),
            stored(run.step("prototypes"), names.prototypes, Prototypes),
            None if names.relations is None else load_relations(run.step("graph"), names.relations),
            tuple(names.classes),
            names.encoder,
            names.alpha,
            names.beta,
        )
    except (FileNotFoundError, TypeError) as error:
        raise CurateError(
            f"{folder} no longer holds what the weights were made from; run the same `curate"
            " weight` with --overwrite again."
        ) from error
