"""The rivals of a label: all classes but the label and the other labels of its image."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import Labels, tiles
from prototypes.engine.confusion import Confusion
from prototypes.engine.little_known import NONE
from prototypes.engine.pairs import MASKED, all_labels, mask_classes, own_labels, read_own
from prototypes.engine.softmax import CLASSES, ROWS, log_sum_exp, nearest_of_class

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Rivals:
    """Evidence against n labels; MASKED for an image that has all labels, and so no rival."""

    own: Rows
    """(n,): cosine to the own class; meaningless for a row without a label."""
    cosine: Rows
    """(n,): cosine to the nearest rival."""
    most_likely: NDArray[np.int64]
    """(n,): the most likely rival, or -1."""
    logit: Rows
    """(n,): its logit: cosine / τ plus the log odds of the confusion."""
    log_partition: Rows
    """(n,): log of Σ exp(logit) over all rivals."""


def find_rivals(
    g: Rows,
    labels: Labels,
    directions: Rows,
    temperature: float,
    confusion: Confusion | None = None,
    k: int = 1,
    little_known: NDArray[np.int64] = NONE,
) -> Rivals:
    """Compare rows g (n, d) with labels (n,) or (n, 1 + K) to the prototypes of their rivals.

    ``directions`` (C·k, d) are k unit prototypes for each class, of which the nearest counts.
    ``confusion`` says which rivals a label is likely to be confused with; ``little_known`` (m,) are
    classes that are no rivals. Products are computed in tiles and not stored.
    """
    own_cosine, cosine, logit, partition = np.full((4, len(g)), MASKED)
    found = Rivals(own_cosine, cosine, np.full(len(g), -1), logit, partition)
    own, tau = own_labels(labels), np.float32(temperature)
    sharp = directions / tau
    masked, absent = all_labels(labels), np.union1d(absent_classes(directions, k), little_known)
    for part in tiles(len(directions) // k, CLASSES):
        for rows in tiles(len(g), ROWS):
            logits = nearest_of_class(g[rows] @ sharp[part.start * k : part.stop * k].T, k)
            read_own(found.own[rows], logits, own[rows], part.start)
            mask_classes(logits, masked[rows], part.start)
            mask_absent(logits, absent, part.start)
            np.maximum(found.cosine[rows], logits.max(axis=1) * tau, out=found.cosine[rows])
            if confusion is not None:
                if confusion.sized:
                    logits += confusion.sizes[part]
                confusion.add_excess(logits, own[rows], part)
            _add(found, rows, logits, part.start)
    np.multiply(found.own, tau, out=found.own)
    return with_others(found, own, confusion)


def with_others(found: Rivals, own: Labels, confusion: Confusion | None) -> Rivals:
    """Add the part of the confusion that all rivals of a label (n,) share."""
    if confusion is None:
        return found
    others = _others(own, confusion)
    return replace(
        found,
        logit=found.logit + others,
        log_partition=found.log_partition + others,
    )


def _others(own: Labels, confusion: Confusion) -> Rows:
    size = np.where(own >= 0, confusion.sizes[own], np.float32(0))
    return np.asarray(np.where(own >= 0, confusion.others[own], np.float32(0)) - size)


def rival_partition(cosines: Rows, own: Labels, temperature: float, confusion: Confusion) -> Rows:
    """Return `Rivals.log_partition` (n,) of labels ``own`` (n,) from all cosines (n, C).

    All that is no rival is MASKED, except for the label itself.
    """
    logits = cosines / np.float32(temperature) + confusion.sizes
    logits[np.arange(len(own)), own] = MASKED
    for part in tiles(logits.shape[1], CLASSES):
        confusion.add_excess(logits[:, part], own, part)
    return np.asarray(log_sum_exp(logits) + _others(own, confusion), np.float32)


def _add(found: Rivals, rows: slice, logits: Rows, first: int) -> None:
    """Update the best rival and the partition of some rows, in place, by a part of the classes."""
    top = logits.argmax(axis=1)
    logit = logits[np.arange(len(top)), top]
    better = logit > found.logit[rows]
    found.most_likely[rows][better] = top[better] + first
    found.logit[rows][better] = logit[better]
    partition = found.log_partition[rows]
    np.logaddexp(partition, log_sum_exp(logits, logit), out=partition)


def margin(g: Rows, labels: Labels, prototypes: Rows) -> Rows:
    """Return the cosine to the own class's prototype minus that to the nearest rival's: (n,).

    ``prototypes`` (C, d), C ≥ 2. The margin of a row without a label is meaningless.
    """
    own, nearest = np.full((2, len(g)), MASKED)
    given, masked, absent = own_labels(labels), all_labels(labels), absent_classes(prototypes)
    for part in tiles(len(prototypes), CLASSES):
        for rows in tiles(len(g), ROWS):
            cosines = g[rows] @ prototypes[part].T
            read_own(own[rows], cosines, given[rows], part.start)
            mask_classes(cosines, masked[rows], part.start)
            mask_absent(cosines, absent, part.start)
            np.maximum(nearest[rows], cosines.max(axis=1), out=nearest[rows])
    return np.asarray(own - nearest)
