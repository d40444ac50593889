"""The classes whose prototypes are nearest to an image, and how likely each is."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.inspect.sample import unchecked
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.confusion import Confusion
from prototypes.engine.softmax import CLASSES, nearest_of_class
from prototypes.engine.unseen import unseen_logit

Rows = NDArray[np.float32]


class NearestClasses:
    """Finds the classes by the features that weights were made from; none if those are gone."""

    def __init__(self, weighted: Weighted) -> None:
        self._lists = weighted.manifest.has_label_lists
        self._work = _work(weighted)
        if self._work is not None:
            _, self._features = unchecked(self._work)
            self._directions = unit_rows(self._work.fit.prototypes.v)

    def of(self, row: int, given: Sequence[str]) -> Mapping[str, float]:
        """Return the classes other than the ``given`` ones, the likeliest for a row's image first.

        The values are the probabilities of each if the given labels are wrong, as `curate weight`
        finds them, but without captions. Empty for an image without features.
        """
        work = self._work
        if work is None:
            return {}
        shard, at = work.place(row)
        x = self._features.rows(shard.name, np.array([at]))
        if not x.any():
            return {}
        prototypes = work.fit.prototypes
        products = work.fit.space.transform(x) @ self._directions.T
        cosines = nearest_of_class(products, prototypes.per_class) + prototypes.level
        left_out = {*given, *(work.classes[at] for at in prototypes.little_known)}
        others = np.array([label not in left_out for label in work.classes])
        logits = cosines / np.float32(prototypes.tau)
        if not self._lists:
            _add_confusion(logits, prototypes.confusion, work.classes.index(given[0]))
        shares = _softmax(logits[0], others, prototypes.tau, self._lists)
        order = np.argsort(-shares, kind="stable")
        return {work.classes[at]: float(shares[at]) for at in order if others[at]}


def _add_confusion(logits: Rows, confusion: Confusion, given: int) -> None:
    """Add to logits (1, C) which classes the given one is confused with, as `find_rivals` does."""
    for part in tiles(logits.shape[1], CLASSES):
        confusion.add_excess(logits[:, part], np.array([given]), part)
    logits += confusion.sizes + confusion.others[given] - confusion.sizes[given]


def _softmax(logits: Rows, others: NDArray[np.bool_], tau: float, lists: bool) -> Rows:
    """Give the softmax of logits (C,) over the ``others`` (C,).

    Single labels have unseen classes beside them (`label_quality`), lists do not
    (`missing_labels`).
    """
    logits = np.where(others, logits, np.float32(-np.inf))
    unseen = np.float32(-np.inf) if lists else unseen_logit(len(logits), tau)
    return np.asarray(np.exp(logits - np.logaddexp(np.logaddexp.reduce(logits), unseen)))


def _work(weighted: Weighted) -> Work | None:
    try:
        return weighted.work()
    except CurateError:
        return None
