"""The choice of `--head auto`: the head that cleans verified rows best that it has not seen."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curate.heads.gains import HeldOut
from curate.heads.task import Task
from curate.heads.verdict import Share, agreement, share_of


@dataclass(frozen=True)
class Comparison:
    """What several heads make of the same n verified rows, each judged by a member new to it."""

    task: Task
    held_out: Mapping[str, HeldOut]
    """By the name of the head; the one that is preferred on equality comes first."""

    @cached_property
    def right(self) -> dict[str, NDArray[np.float64]]:
        """How right each row's labels (n,) are after cleaning, head by head."""
        sets = {name: rows.sets(self.task) for name, rows in self.held_out.items()}
        return {name: agreement(refined, true) for name, (_, refined, true) in sets.items()}

    @property
    def shares(self) -> dict[str, Share]:
        """How right labels are by each head, over all rows."""
        return {name: share_of(right) for name, right in self.right.items()}

    @property
    def chosen(self) -> str:
        """The head that is best on all rows."""
        return self.best(np.ones(len(self._folds), bool))

    def best(self, rows: NDArray[np.bool_]) -> str:
        """Choose the first head that is as good as the best on these rows (n,), or nearly.

        Nearly: within one standard error (the rule of Breiman et al. 1984 for trees), row by row.
        docs/evidence.md says what this costs, and what taking the best or a sign test would cost.
        """
        right = {name: each[rows] for name, each in self.right.items()}
        best = max(right, key=lambda name: float(right[name].sum()))
        return next(name for name in right if not _better(right[best], right[name]))

    def judged(self) -> HeldOut:
        """Return the rows as the choice itself cleans them, for its verdict.

        The best of several on some rows seems better there than it is. So the rows of each fold
        are cleaned by the head that is best on the rows of the others.
        """
        chosen = {fold: self.best(self._folds != fold) for fold in np.unique(self._folds)}
        guarded = {name: self.held_out[name].guarded(self.task) for name in set(chosen.values())}
        first = next(iter(self.held_out.values()))
        p = first.p.copy()
        for fold, name in chosen.items():
            here = self._folds == fold
            p[here] = guarded[name].p[here]
        return replace(first, p=p)

    @property
    def _folds(self) -> NDArray[np.int64]:
        return next(iter(self.held_out.values())).folds


def _better(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Tell whether ``a`` (n,) adds up to more than ``b``, by more than one standard error.

    The error is that of equally good heads, so that with one label an image this is McNemar's
    test, z > 1.
    """
    return bool((a - b).sum() > np.sqrt(np.square(a - b).sum()))
