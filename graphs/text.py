"""S_l: how near two classes are by the texts about them (SINet Eq. 2)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from graphs.row_blocks import Blocks, row_blocks

RELIABLE = 0.4
"""Share of the captions of a class, the clearest, that its mean is taken over."""


def cosine_rows(embeddings: NDArray[np.float32]) -> Blocks:
    """Yield S_l (C, C), the cosines of class embeddings (C, D), in blocks of rows: SINet Eq. 2.

    A class whose embedding is NaN (it has no text) has NaN with all classes.
    """
    unit = _unit(embeddings)
    for rows in row_blocks(len(unit)):
        S = np.clip(unit[rows] @ unit.T, -1, 1)
        own = np.arange(rows.start, rows.stop)
        S[own - rows.start, own] = np.where(np.isnan(unit[rows]).any(axis=1), np.nan, 1)
        yield np.asarray(S, np.float32)


def spread_over_classes(
    embeddings: NDArray[np.float32], known: Sequence[bool]
) -> NDArray[np.float32]:
    """Return (C, D) with embeddings (K, D) in the rows of the K known classes, NaN elsewhere."""
    spread = np.full((len(known), embeddings.shape[1]), np.nan, np.float32)
    spread[np.array(known, bool)] = embeddings
    return spread


def caption_embeddings(
    captions: NDArray[np.float32], labels: NDArray[np.integer], classes: int
) -> NDArray[np.float32]:
    """Average the reliable captions of each class: (C, D), NaN for a class without captions.

    ``captions`` (n, D) are unit rows, ``labels`` (n,) their classes. The reliable captions of a
    class are the 40% with the highest margin: the cosine to the mean of their class minus the
    highest cosine to another class's mean. They are to captions what SINet's initial prototypes are
    to images. Captions that say nothing, or that fit another class, are left out.
    """
    plain = _unit(_class_means(captions, labels, classes))
    margin = _margins(captions, labels, np.nan_to_num(plain))
    order = np.lexsort((-margin, labels))
    counts = np.bincount(labels, minlength=classes)
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    kept = order[rank < np.ceil(RELIABLE * counts)[labels[order]]]
    return _class_means(captions[kept], labels[kept], classes)


def _margins(
    captions: NDArray[np.float32], labels: NDArray[np.integer], means: NDArray[np.float32]
) -> NDArray[np.float32]:
    cosines = captions @ means.T
    rows = np.arange(len(labels))
    own = cosines[rows, labels]
    cosines[rows, labels] = -np.inf
    return np.asarray(own - cosines.max(axis=1), np.float32)


def _class_means(
    rows: NDArray[np.float32], labels: NDArray[np.integer], classes: int
) -> NDArray[np.float32]:
    sums = np.zeros((classes, rows.shape[1]), np.float32)
    np.add.at(sums, labels, rows)
    counts = np.bincount(labels, minlength=classes)[:, None]
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), np.float32)
