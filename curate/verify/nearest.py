"""The classes whose prototypes are nearest to an image."""

import numpy as np

from curate.errors import CurateError
from curate.inspect.sample import unchecked
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work
from prototypes.engine.blocks import unit_rows
from prototypes.engine.softmax import nearest_of_class

MOST = 6


class NearestClasses:
    """Finds the classes by the features that weights were made from; none if those are gone."""

    def __init__(self, weighted: Weighted) -> None:
        self._work = _work(weighted)
        if self._work is not None:
            _, self._features = unchecked(self._work)
            self._directions = unit_rows(self._work.fit.prototypes.v)

    def of(self, row: int) -> tuple[str, ...]:
        """Return the classes nearest to a row's image in the adapted space, the nearest first.

        Empty for an image without features.
        """
        work = self._work
        if work is None:
            return ()
        shard, at = work.place(row)
        x = self._features.rows(shard.name, np.array([at]))
        if not x.any():
            return ()
        g = work.fit.space.transform(x)
        cosines = nearest_of_class(g @ self._directions.T, work.fit.prototypes.per_class)[0]
        return tuple(work.classes[at] for at in np.argsort(-cosines, kind="stable")[:MOST])


def _work(weighted: Weighted) -> Work | None:
    try:
        return weighted.work()
    except CurateError:
        return None
