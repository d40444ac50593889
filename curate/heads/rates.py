"""How often each class's label is missing or wrongly given, as the channels of NMN have learned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from scipy import stats

from curate.crawl.stored_features import BLOCK_ROWS
from curate.heads.cross_fit import CrossFitted
from curate.heads.nmn import Nmn
from curate.heads.verdict import SURE
from curate.weighted.work import Work
from prototypes.fit.rounds import FOLDS


@dataclass(frozen=True)
class Rates:
    """What channels have learned, and of how many rows."""

    table: pl.DataFrame
    """See `channel_rates`."""
    given: NDArray[np.int64]
    """(C,): how many rows are given each class. About as many show it."""
    rows: int

    @property
    def of(self) -> dict[str, NDArray[np.int64]]:
        """On how many rows (C,) each rate rests, by its column."""
        return {"missing": self.given, "wrongly_given": self.rows - self.given}


@torch.inference_mode()
def channel_rates(head: CrossFitted, classes: Sequence[str]) -> pl.DataFrame | None:
    """Return how often each class's label is missing, and how often it is wrongly given.

    ``missing`` is p(not given | shown), 1 - q_11, and ``wrongly_given`` is p(given | not shown),
    q_10: the mean over the members, where q depends on features that of an average image. None for
    a head without channels.
    """
    members = [head.member(fold) for fold in range(FOLDS)]
    q = [member.bias.sigmoid() for member in members if isinstance(member, Nmn)]
    if not q:
        return None
    of_absent, of_present = torch.stack(q).mean(0).cpu().numpy()
    names = classes[: head.task.classes]
    return pl.DataFrame({"class": names, "missing": 1 - of_present, "wrongly_given": of_absent})


def given_counts(work: Work) -> NDArray[np.int64]:
    """Count how many rows of the file are given each class (C,)."""
    counts = np.zeros(len(work.classes), np.int64)
    for start in range(0, work.rows, BLOCK_ROWS):
        labels = work.labels_of(np.arange(start, min(start + BLOCK_ROWS, work.rows)))
        counts += np.bincount(labels[labels >= 0], minlength=len(counts))
    return counts


def differ(rates: NDArray[np.float64], images: NDArray[np.int64]) -> bool:
    """Tell whether rates (C,) differ beyond chance, each counted on so many images (C,).

    Chi-square test of homogeneity, 95%.
    """
    total = images.sum()
    mean = (rates * images).sum() / max(total, 1)
    spread = mean * (1 - mean)
    if len(rates) < 2 or spread <= 0:
        return False
    statistic = (images * np.square(rates - mean)).sum() / spread
    return bool(stats.chi2.sf(statistic, len(rates) - 1) < 1 - SURE)
