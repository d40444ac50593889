"""How right labels were before and after cleaning, on verified rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

SURE = 0.95
"""Of intervals; and an improvement is one where chance is less likely than the rest."""

Sets = NDArray[np.bool_]


@dataclass(frozen=True)
class Share:
    """A mean and its 95% interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What a head does to the labels of n verified rows that it has not seen."""

    rows: int
    before: Share
    after: Share
    mended: int
    """Rows whose label is better after than before."""
    spoiled: int
    """Rows whose label is worse."""
    answers: int | None = None
    """By how many verified labels the rows are judged; None: by whole rows."""

    @property
    def improves(self) -> bool:
        """Tell whether more rows are mended than spoiled, beyond chance (exact sign test)."""
        return bool(beyond_chance(np.array(self.mended), np.array(self.spoiled)))

    @property
    def worsens(self) -> bool:
        """Tell whether more rows are spoiled than mended, beyond chance."""
        return bool(beyond_chance(np.array(self.spoiled), np.array(self.mended)))

    def is_unlike(self, wrong: tuple[float, float]) -> bool:
        """Tell whether these rows cannot be a random sample of a crawl with one label an image.

        ``wrong`` is the range in which its share of wrong labels lies. Rows that were chosen since
        they look wrong say nothing of a head's use for the others.
        """
        low, high = wrong
        return self.before.high < 1 - high or self.before.low > 1 - low


def beyond_chance(more: NDArray[np.int64], fewer: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell where more rows changed one way than the other, counts (·): exact sign test, 2-sided."""
    p = 2 * stats.binom.cdf(fewer, more + fewer, 0.5)
    return np.asarray((more > fewer) & (p < 1 - SURE))


def judge(given: Sets, refined: Sets, true: Sets) -> Verdict:
    """Compare label sets (n, K), n ≥ 1, with the true ones, row by row (`agreement`)."""
    before, after = agreement(given, true), agreement(refined, true)
    return Verdict(
        len(true),
        share_of(before),
        share_of(after),
        int((after > before).sum()),
        int((after < before).sum()),
    )


def agreement(labels: Sets, true: Sets) -> NDArray[np.float64]:
    """Return how right each row (n,) of label sets (n, K) is: |both| / |either| (Jaccard)."""
    either = (labels | true).sum(axis=1)
    return np.asarray(
        np.where(either > 0, (labels & true).sum(axis=1) / np.maximum(either, 1), 1.0)
    )


def share_of(right: NDArray[np.float64]) -> Share:
    """Return the mean of n ≥ 1 rows: of 1 and 0 with Wilson's interval, else with Student's t."""
    mean, n = float(right.mean()), len(right)
    if np.isin(right, (0, 1)).all():
        interval = stats.binomtest(int(right.sum()), n).proportion_ci(SURE, "wilson")
        return Share(mean, float(interval.low), float(interval.high))
    error = stats.t.ppf((1 + SURE) / 2, n - 1) * right.std(ddof=1) / np.sqrt(n)
    return Share(mean, max(mean - error, 0.0), min(mean + error, 1.0))
