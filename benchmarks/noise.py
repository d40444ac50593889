"""Adding wrong labels of a chosen kind and rate to a crawl whose labels are right."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.crawl import CLEAN, NO_CLASS, Crawl
from curate.errors import CurateError
from graphs.row_blocks import whole
from graphs.senses import choose_senses
from graphs.wordnet import open_wordnet, wordnet_rows
from prototypes.engine.blocks import unit_rows

KINDS = (
    "uniform", "uniform-by-class", "confusing", "confusing-visual", "confusing-wordnet", "open-set",
)  # fmt: skip
NEIGHBOURS = 5
"""Classes that one class is confused with, by each measure."""

Rows = NDArray[np.int64]
Classmates = NDArray[np.int64]
"""(C, k): the classes that a wrong label of a sample of each class is drawn from."""


def add_noise(crawl: Crawl, kind: str, rate: float, rng: np.random.Generator) -> Crawl:
    """Make a share ``rate`` of labels wrong; rows whose label was wrong before are left out.

    uniform: any other class; uniform-by-class: the same share of each class (SINet's experiment on
    ImageNet flips 40%). confusing-visual: one of the nearest by the cosine of class means;
    confusing-wordnet: by WordNet's path similarity; confusing: by one or the other. open-set: the
    images of held-out classes get labels of the others. Raises CurateError
    for an unknown kind and a rate out of range.
    """
    if kind not in KINDS or not 0 < rate < 1:
        raise CurateError(
            f"--add-noise {kind} {rate}: give one of {', '.join(KINDS)}, and a rate between 0"
            " and 1."
        )
    clean = crawl.rows(~crawl.wrong)
    if kind == "open-set":
        return hold_out(clean, rate, rng)
    rows = of_each_class if kind == "uniform-by-class" else of_all
    return flip(clean, kind, rows(clean.true, rate, rng), _classmates(clean, kind), rng)


def of_all(labels: NDArray[np.int32], rate: float, rng: np.random.Generator) -> Rows:
    """Draw a share of the rows (n,)."""
    return rng.permutation(len(labels))[: round(rate * len(labels))]


def of_each_class(labels: NDArray[np.int32], rate: float, rng: np.random.Generator) -> Rows:
    """Draw a share of the rows of each class (n,)."""
    of_class = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return np.concatenate([rng.permutation(r)[: round(rate * len(r))] for r in of_class])


def flip(
    crawl: Crawl, kind: str, rows: Rows, classmates: Classmates, rng: np.random.Generator
) -> Crawl:
    """Give the rows (n,) the label of one of their class's classmates."""
    labels, kinds = crawl.labels.copy(), np.full(len(crawl.labels), CLEAN, dtype="<U24")
    drawn = rng.integers(classmates.shape[1], size=len(rows))
    labels[rows], kinds[rows] = classmates[crawl.true[rows], drawn], kind
    return replace(crawl, labels=labels, kinds=kinds).rows(np.ones(len(labels), bool))


def hold_out(crawl: Crawl, rate: float, rng: np.random.Generator) -> Crawl:
    """Hold out as few classes as give a share ``rate`` of all rows; label them at random."""
    order = rng.permutation(len(crawl.names))
    sizes = np.bincount(crawl.labels, minlength=len(order))[order]
    outside = np.cumsum(sizes)
    needed = np.round((len(crawl.labels) - outside) * rate / (1 - rate)).astype(int)
    held = int(np.argmax(outside >= needed)) + 1
    if len(order) - held < 2:
        raise CurateError(f"--add-noise open-set {rate}: this leaves fewer than two classes.")
    is_out = np.isin(crawl.labels, order[:held])
    chosen = rng.permutation(np.flatnonzero(is_out))[: needed[held - 1]]
    labels, kinds = crawl.labels.copy(), np.full(len(crawl.labels), CLEAN, dtype="<U24")
    labels[chosen], kinds[chosen] = rng.choice(order[held:], len(chosen)), "open-set"
    true = np.where(is_out, NO_CLASS, crawl.true).astype(np.int32)
    kept = ~is_out
    kept[chosen] = True
    return replace(crawl, labels=labels, true=true, kinds=kinds).rows(kept)


def nearest(similarity: NDArray[np.floating], count: int) -> Classmates:
    """List for each class the ``count`` others that are most similar (C, C) to it: (C, count)."""
    others = np.where(np.eye(len(similarity), dtype=bool), -np.inf, similarity)
    return np.argsort(-others, axis=1, kind="stable")[:, : min(count, len(similarity) - 1)]


def _classmates(crawl: Crawl, kind: str) -> Classmates:
    if kind in ("uniform", "uniform-by-class"):
        return nearest(np.zeros((len(crawl.names),) * 2), len(crawl.names))
    measures = []
    if kind in ("confusing", "confusing-visual"):
        measures.append(nearest(visual_similarity(crawl), NEIGHBOURS))
    if kind in ("confusing", "confusing-wordnet"):
        measures.append(nearest(wordnet_similarity(crawl.names), NEIGHBOURS))
    return np.hstack(measures)


def visual_similarity(crawl: Crawl) -> NDArray[np.float32]:
    """Return the cosines (C, C) of class means, less the mean of all, over the rows' classes."""
    x = unit_rows(crawl.features)
    x -= x.mean(axis=0)
    means = np.zeros((len(crawl.names), x.shape[1]), np.float32)
    np.add.at(means, crawl.labels, x)
    means = unit_rows(means)
    return means @ means.T


def wordnet_similarity(names: Sequence[str]) -> NDArray[np.float32]:
    """Return S_w (C, C); a class that WordNet does not know is near none."""
    wordnet = open_wordnet()
    synsets = [sense.synset for sense in choose_senses(names, wordnet)]
    return whole(wordnet_rows(synsets, wordnet), len(synsets))
