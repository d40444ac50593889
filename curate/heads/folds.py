"""Which rows a head of a fold may learn from: none that it judges, and no copy of one."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curate.crawl.gathered import gathered_features
from curate.heads.cross_fit import folds_of
from curate.heads.training import Positions
from curate.weighted.work import Work
from prototypes.fit.rounds import FOLDS


@dataclass(frozen=True)
class Folds:
    """The folds of a file's rows: copies of a picture share one, and so do rows of a bag."""

    work: Work
    bag: Positions | None = None
    """(N,): the bag of each row."""
    representative: Positions | None = None
    """(N,): the run's row of each row's representative (see `curate.duplicates.copies`); None where
    no row is a copy."""

    def of(self, rows: Positions, features: NDArray[np.float16]) -> Positions:
        """Return the fold (n,) of rows (n,) of the file: that of the first copy of each."""
        if self.bag is not None:
            return folds_of(features, self.bag[rows])
        found = folds_of(features, None)
        if self.representative is not None:
            first = self.representative[rows]
            copied = first != self.work.run_rows[rows]
            work = self.work
            firsts, _ = gathered_features(work.shards, work.features, first[copied])
            found[copied] = folds_of(firsts, None)
        return found

    def learned(self, rows: Positions, features: NDArray[np.float16]) -> NDArray[np.bool_]:
        """Tell which rows (n,) the head of each fold learns from (n, FOLDS).

        Copies in bags of other folds are learned from by neither's head.
        """
        learned = np.asarray(self.of(rows, features)[:, None] != np.arange(FOLDS))
        if self.representative is not None and self.bag is not None:
            learned &= ~self._judged_in_bags[self.representative[rows]]
        return learned

    @cached_property
    def _judged_in_bags(self) -> NDArray[np.bool_]:
        """Tell in which folds each picture is judged, by its representative: (·, FOLDS)."""
        assert self.representative is not None and self.bag is not None
        judged = np.zeros((int(self.representative.max()) + 1, FOLDS), bool)
        judged[self.representative, self.bag % FOLDS] = True
        return judged
