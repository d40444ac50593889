"""Several prototypes per class: k-means on a sample of each class, then Eq. 5 in each cluster.

The k prototypes of a class are adjacent in arrays of C·k rows; a class with fewer repeats one.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import EachBlock, Labels, unit_rows
from prototypes.engine.moments import BlockSums, ClassSums, Weigh, add_up, class_sums
from prototypes.engine.neighbours import k_means, nearest_prototypes
from prototypes.engine.pairs import own_labels

SAMPLE_ROWS = 256
"""Rows of a class sampled per prototype: the most that FAISS uses by default ..."""
SAMPLE_BYTES = 2**28
"""... and the limit in bytes of the samples of all classes."""
LEAST_ROWS = 20
"""Least number of rows per prototype, counted as Kish's effective sample size."""
LEAST_SHARE = 0.5
"""Least Σp of a cluster, as a share of Σp of the class / number of clusters."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """Blocks of rows g with labels, and the weight of each row."""

    each: EachBlock
    weigh: Weigh
    counts: NDArray[np.float64]
    """(C,): number of rows of each class."""


@dataclass(frozen=True)
class WeightedSample:
    """Some rows of a crawl, with weights."""

    g: Rows
    """(m, d)"""
    labels: Labels
    """(m,), all ≥ 0"""
    weight: Rows
    """(m,): p of Eq. 4."""


def fit_clusters(sources: Sequence[Source], v: Rows, k: int) -> Rows:
    """Split prototypes v (C, d) into k per class (C·k, d): two passes over each source."""
    samples: list[WeightedSample] = []
    for source in sources:
        rates = sample_rates(source.counts, v.shape[1], k)
        samples += source.each(partial(sample_block, weigh=source.weigh, rates=rates))
    centres = cluster_centres(_gathered(samples), v, k)
    sums = add_up(
        block
        for source in sources
        for block in source.each(partial(cluster_sums, weigh=source.weigh, centres=centres, k=k))
    )
    return _repeated(sums, v, k)


def sample_rates(counts: NDArray[np.float64], dimension: int, k: int) -> NDArray[np.float64]:
    """Return the share (C,) of each class's rows to sample, by the number of its rows (C,)."""
    room = SAMPLE_BYTES / (4 * dimension * len(counts))
    return np.asarray(np.minimum(min(SAMPLE_ROWS * k, room) / np.maximum(counts, 1), 1))


def sample_block(
    g: Rows, labels: Labels, weigh: Weigh, rates: NDArray[np.float64]
) -> WeightedSample:
    """Draw rows of a block at the rates (C,) of their classes.

    The draw depends only on the labels of the block, so that any number of workers, on a CPU or a
    GPU, draws the same rows.
    """
    weight, seed = weigh(g, labels), zlib.crc32(np.ascontiguousarray(labels).data)
    draw = np.random.default_rng(seed).random(len(g))
    chosen = np.flatnonzero(~np.isnan(weight) & (draw < rates[own_labels(labels)]))
    return WeightedSample(g[chosen], own_labels(labels)[chosen], weight[chosen])


def _gathered(samples: Sequence[WeightedSample]) -> WeightedSample:
    return WeightedSample(
        np.concatenate([sample.g for sample in samples]),
        np.concatenate([sample.labels for sample in samples]),
        np.concatenate([sample.weight for sample in samples]),
    )


def cluster_centres(sample: WeightedSample, v: Rows, k: int) -> Rows:
    """Find up to k centres for each class of prototypes v (C, d): (C·k, d).

    Runs k-means weighted by p, with fewer and fewer clusters until each has its least share of Σp
    and no centre is nearer to another class's prototype. The latter keeps wrong labels of one kind,
    which are alike, from becoming a prototype of a class that they do not belong to. A class with
    too few rows keeps its v.
    """
    centres = np.repeat(v, k, axis=0)
    order = np.argsort(sample.labels, kind="stable")
    present, starts = np.unique(sample.labels[order], return_index=True)
    directions = unit_rows(v)
    for c, rows in zip(present, np.split(order, starts[1:]), strict=True):
        found = _class_centres(sample.g[rows], sample.weight[rows], c, directions, k)
        if len(found):
            centres[c * k : (c + 1) * k] = found[
                np.where(np.arange(k) < len(found), np.arange(k), 0)
            ]
    return centres


def _class_centres(g: Rows, weight: Rows, c: int, directions: Rows, k: int) -> Rows:
    """Return the centres (m, d) of one class, 2 ≤ m ≤ k, or none (0, d)."""
    weight = weight / weight.max()
    effective = weight.sum() ** 2 / (weight**2).sum()
    for m in range(min(k, int(effective // LEAST_ROWS)), 1, -1):
        centres, cluster = k_means(g, weight, m)
        share = np.bincount(cluster, weight, m) * m / weight.sum()
        nearest = nearest_prototypes(unit_rows(centres), directions, 1)[1]
        if share.min() >= LEAST_SHARE and (nearest == c).all():
            return centres
    return directions[:0]


def cluster_sums(g: Rows, labels: Labels, weigh: Weigh, centres: Rows, k: int) -> BlockSums:
    """Sum the weighted rows of a block per cluster: the nearest cluster of a row's class."""
    weight, labels = weigh(g, labels), own_labels(labels)
    away = [np.linalg.norm(centres[labels * k + i] - g, axis=1) for i in range(k)]
    cluster = np.where(np.isnan(weight), -1, labels * k + np.argmin(away, axis=0))
    return class_sums(g, cluster, len(centres), weight)


def _repeated(sums: ClassSums, v: Rows, k: int) -> Rows:
    """Return the means of C·k clusters; one without rows repeats the heaviest of its class."""
    weight = sums.weight.reshape(-1, k)
    taken = np.where(weight > 0, np.arange(k), weight.argmax(axis=1)[:, None])
    means = sums.means()[(np.arange(len(v))[:, None] * k + taken).ravel()]
    return means.astype(np.float32)
