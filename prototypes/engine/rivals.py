"""The classes that a label is held against: all but its own and the others of its image."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, strike_absent
from prototypes.engine.blocks import Labels, tiles
from prototypes.engine.confusion import Confusion
from prototypes.engine.pairs import STRUCK, all_labels, own_labels, read_own, strike
from prototypes.engine.softmax import CLASSES, ROWS, log_sum_exp, nearest_of_class

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Rivals:
    """What speaks against n labels; a row whose image has all labels has no rival: STRUCK."""

    own: Rows
    """(n,): cosine to the own class, of no use where there is none."""
    cosine: Rows
    """(n,): to the nearest rival."""
    sized: Rows
    """(n,): the same where the sizes of the classes count (see `Confusion.sizes`)."""
    likeliest: NDArray[np.int64]
    """(n,): the rival that is likeliest meant, or -1."""
    logit: Rows
    """(n,): its logit: cosine / τ plus the log odds of the confusion."""
    log_partition: Rows
    """(n,): log of the sum of exp(logit) over all rivals."""

    @property
    def outweighed(self) -> Rows:
        """Tell by how much (n,) the size of the own class moves the point midway to the rival.

        An image midway is as like the one as the other, so that a class that is the likelier by
        its size has the images on both sides of it. Nothing where the own class is the smaller.
        """
        return np.asarray(np.maximum(self.cosine - self.sized, 0) / 2)


def find_rivals(
    g: Rows,
    labels: Labels,
    directions: Rows,
    temperature: float,
    confusion: Confusion | None = None,
    k: int = 1,
) -> Rivals:
    """Compare rows g (n, d) of labels (n,) or (n, 1 + K) with their rivals' prototypes.

    ``directions`` (C·k, d) has k prototypes of unit length for each class, of which the nearest
    counts. ``confusion`` says which rivals a label is likely to be taken for. The products are
    made in tiles; none is kept.
    """
    own_cosine, cosine, sized, logit, partition = np.full((5, len(g)), STRUCK)
    found = Rivals(own_cosine, cosine, sized, np.full(len(g), -1), logit, partition)
    own, tau = own_labels(labels), np.float32(temperature)
    sharp = directions / tau
    struck, absent = all_labels(labels), absent_classes(directions, k)
    for part in tiles(len(directions) // k, CLASSES):
        for rows in tiles(len(g), ROWS):
            logits = nearest_of_class(g[rows] @ sharp[part.start * k : part.stop * k].T, k)
            read_own(found.own[rows], logits, own[rows], part.start)
            strike(logits, struck[rows], part.start)
            strike_absent(logits, absent, part.start)
            np.maximum(found.cosine[rows], logits.max(axis=1) * tau, out=found.cosine[rows])
            if confusion is not None:
                if confusion.sized:
                    logits += confusion.sizes[part]
                    np.maximum(found.sized[rows], logits.max(axis=1) * tau, out=found.sized[rows])
                confusion.add_excess(logits, own[rows], part)
            _add(found, rows, logits, part.start)
    np.multiply(found.own, tau, out=found.own)
    return with_others(found, own, tau, confusion)


def with_others(found: Rivals, own: Labels, tau: np.float32, confusion: Confusion | None) -> Rivals:
    """Add what all rivals of labels (n,) have in common by the confusion."""
    if confusion is None or not confusion.sized:
        found = replace(found, sized=found.cosine)
    if confusion is None:
        return found
    size = np.where(own >= 0, confusion.sizes[own], np.float32(0))
    others = np.where(own >= 0, confusion.others[own], np.float32(0)) - size
    return replace(
        found,
        sized=np.asarray(found.sized - tau * size, np.float32),
        logit=found.logit + others,
        log_partition=found.log_partition + others,
    )


def _add(found: Rivals, rows: slice, logits: Rows, first: int) -> None:
    """Add the classes of a part to what is found of some rows, in place."""
    top = logits.argmax(axis=1)
    logit = logits[np.arange(len(top)), top]
    better = logit > found.logit[rows]
    found.likeliest[rows][better] = top[better] + first
    found.logit[rows][better] = logit[better]
    partition = found.log_partition[rows]
    np.logaddexp(partition, log_sum_exp(logits, logit), out=partition)


def margin(g: Rows, labels: Labels, prototypes: Rows) -> Rows:
    """Return the cosine to the own class's prototype minus that to the nearest rival's: (n,).

    ``prototypes`` (C, d), C ≥ 2; the margin of a row without a label is of no use.
    """
    own, nearest = np.full((2, len(g)), STRUCK)
    given, struck, absent = own_labels(labels), all_labels(labels), absent_classes(prototypes)
    for part in tiles(len(prototypes), CLASSES):
        for rows in tiles(len(g), ROWS):
            cosines = g[rows] @ prototypes[part].T
            read_own(own[rows], cosines, given[rows], part.start)
            strike(cosines, struck[rows], part.start)
            strike_absent(cosines, absent, part.start)
            np.maximum(nearest[rows], cosines.max(axis=1), out=nearest[rows])
    return np.asarray(own - nearest)
