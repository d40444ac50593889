"""Soft labels of every row, kept by shards beside the scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.crawl.fit import Fit
from curate.crawl.stored_blocks import Labels, StoredBlocks
from curate.errors import CurateError
from curate.manifest.classes import Classes
from curate.manifest.plan import Shard
from curate.scoring.fit import Fits
from curate.store.folders import Folders
from curate.store.step import Made, Step
from prototypes.score.soft_labels import soft_labels


def check_count(k: int | None, classes: Classes) -> None:
    """Raise CurateError where there are fewer than k other classes."""
    others = len(classes.names) - 1
    if k is not None and k > others:
        raise CurateError(
            f"--soft-labels {k}: a label can share with at most {others} other classes, as there"
            f" are {others + 1} in all; give at most {others}."
        )


SOFT_LABELS = Step("soft_labels", code=(__name__,), title="Smoothing labels")


def smooth(fits: Fits, k: int | None) -> Folders | None:
    """Smooth every row's label, by blocks of g; None where no soft labels are wanted.

    Kept: soft_labels, positions of classes (n, K + 1), and soft_probabilities (n, K + 1). Verified
    rows are smoothed by the fit that does not know their verified labels.
    """
    if k is None:
        return None
    fitted, blind = fits.fitted, fits.blind_fit
    shards, gpu = fitted.of.crawl.shards, fitted.of.tools.products.gpu
    blocks, fit = fitted.blocks(fitted.of.labels.given), fitted.fit

    def one(shard: Shard) -> Made:
        soft = _smooth(blocks, shard, fit, k, gpu)
        if blind is not None:
            rows = blind.rows(shard)
            labels = np.asarray(blocks.labels.array(shard.name, "labels"))[rows]
            again = _smoothed(blind.g(shard, rows), labels, blind.fit, k, gpu)
            for name, values in again.items():
                soft[name][rows] = values
        return Made(soft)

    kept = SOFT_LABELS.by_shard(fitted.of.crawl.run, {**fits.facts, "k": k})
    if kept.missing(shards):
        fitted.adapt()
    return kept.make(shards, one, gpu=gpu)


def _smooth(
    blocks: StoredBlocks, shard: Shard, fit: Fit, k: int, gpu: bool
) -> dict[str, NDArray[Any]]:
    soft = [
        _smoothed(blocks.features.as_floats(g), sets[:, 0], fit, k, gpu)
        for g, sets in blocks.images(shard)
    ]
    return {name: np.concatenate([block[name] for block in soft]) for name in soft[0]}


def _smoothed(
    g: NDArray[np.float32], labels: Labels, fit: Fit, k: int, gpu: bool
) -> dict[str, NDArray[Any]]:
    v, tau, influence = fit.prototypes.v, fit.prototypes.tau, fit.space.self_influence
    soft = soft_labels(g, labels, v, tau, influence, k, gpu, fit.prototypes.little_known)
    classes = soft.classes.astype(np.int32)
    return {"soft_labels": classes, "soft_probabilities": soft.probabilities}
