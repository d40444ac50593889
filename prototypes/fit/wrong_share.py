"""The share of wrong labels in a crawl, estimated from a sample without any verified label.

Not in the papers. How far the estimate errs on crawls that were not used to choose its constants is
in docs/evidence.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from prototypes.engine.pairs import MASKED
from prototypes.engine.softmax import log_softmax

RIGHT_TEMPERATURE, PER_CLASS = 0.267, -0.27
"""τ = 0.267 (C − 1)^−0.27 makes the softmax of cosines to prototypes predict true labels. It hardly
depends on the encoder or on how many labels are wrong."""
OVERCONFIDENCE = 0.19
"""Subtracted from the log odds of the likeliest class at that temperature."""
ALIKE = 0.4
"""Share of wrong labels that are drawn by likeness; the others are of any class."""
UNSEEN = 3.0
"""Wrong labels that agreement misses, per √(C − 1) and per label by which it finds more wrong ones
among all images than among the surest half (see `WrongShare.of`)."""
BELOW, ABOVE, MOST_UNSEEN = 0.06, 0.07, 2.0
"""The range goes from BELOW under what agreement finds to ABOVE over it, and MOST_UNSEEN times the
labels that it is estimated to miss."""
CHANCE = 1.3
"""The range is wider by so many times the sampling error, on either side."""
MISJUDGED = 12.0
"""Labels by which the range goes further down, in a crawl of few rows: its images may be told
apart so badly that right labels seem wrong."""
CHANCE_ROWS = 500
"""BELOW and ABOVE are from crawls of so many rows or more: they hold their sampling error."""
HIDDEN, HIDDEN_POWER = 0.5, 1.5
"""The share of right labels in lists whose object the features do not show is
0.5 (1 − t)^1.5, if a share t of right labels beats all classes that were not given."""
OF_LISTS = 0.08
"""How far below and above the estimate for lists the range goes."""
ROUNDED = 4
"""Decimals of an estimate."""
MOST = 0.95
"""The largest share that is estimated."""

LEAST_MOST = 0.01
"""Least p − q by which the sampling error of agreement is divided."""
TINY = np.finfo(float).tiny

Matrix = NDArray[np.float64]
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Agreement:
    """The share of wrong labels, if each image is of one of the classes."""

    wrong: float
    """NaN where it was not estimated."""
    of_surest: float
    """The same of the half of the images whose likeliest class is likeliest to be right."""
    error: float = 0.0
    """The standard error of ``wrong``, less what is known of CHANCE_ROWS rows; 0 from these on."""
    misjudged: float = 0.0
    """The share of labels that may seem wrong as there are few rows; 0 from CHANCE_ROWS on."""

    @property
    def evident(self) -> float:
        """Return the larger one: where classes are far apart, unsure images are too sure."""
        return max(self.wrong, self.of_surest)

    @property
    def known(self) -> bool:
        """Tell whether it was estimated."""
        return not np.isnan(self.wrong)


UNKNOWN = Agreement(np.nan, np.nan)


@dataclass(frozen=True)
class WrongShare:
    """A share of wrong labels, and a range that held it on most crawls that were measured."""

    estimate: float
    low: float
    high: float

    @classmethod
    def of(cls, found: Agreement, classes: float) -> "WrongShare":
        """Add the wrong labels of images of none of the ``classes``, of which agreement sees few.

        Such images got the label that they are most like, or one of few, so that most labels agree.
        But their likeliest class is unsure, while other wrong labels are as frequent where it is
        sure. So they show in the difference between all images and the surest. With few images it
        may be chance: it counts less, and the range is wider. ``classes`` is how many of them
        there are in effect (see `effective_classes`).
        """
        evident, per_label = found.evident, UNSEEN / np.sqrt(max(classes - 1, 1))
        more = evident - found.of_surest
        real = more**2 / max(more**2 + found.error**2, TINY)
        most = evident + MOST_UNSEEN * per_label * more + ABOVE
        return cls.within(
            evident + per_label * more * real,
            evident - BELOW - CHANCE * found.error - found.misjudged,
            most + (CHANCE + per_label / 2) * found.error,
        )

    @classmethod
    def within(cls, estimate: float, low: float, high: float) -> "WrongShare":
        """Keep the three in bounds, and round them, as last bits differ by machine."""
        bounded = min(estimate, MOST), max(low, 0.0), min(high, 1.0)
        return cls(*(round(float(share), ROUNDED) for share in bounded))


def known_classes(cosines: Rows) -> int:
    """Count the classes that are not MASKED throughout."""
    return int((cosines > MASKED / 2).any(axis=0).sum())


def effective_classes(labels: NDArray[np.integer]) -> float:
    """Return how many classes of equal size would be as uncertain as the labels (m,).

    This is the exponential of the entropy of their shares (Hill 1973), the number of classes where
    all have as many rows; 1 without rows.
    """
    count = np.bincount(labels)
    shares = count[count > 0] / max(len(labels), 1)
    return float(np.exp(-(shares * np.log(shares)).sum()))


def agreement(cosines: Rows, labels: NDArray[np.integer], sizes: Rows | None = None) -> Agreement:
    """Compare how often the likeliest class is the label with how often it should be.

    With p the probability that the likeliest class is the true one, q that it is the label although
    the label is wrong, and r the share of wrong labels, it is the label in a share
    (1 − r) p + r q of the images. p and q are read off the cosines (m, C), so that r follows. The
    cosines should be to prototypes that the images did not contribute to, or too few labels (m,)
    are found to be wrong. Classes without images are MASKED; ``sizes`` (C,) are log priors of the
    classes (see `Confusion.sizes`). The share is 0 without rows and with fewer than two classes.
    """
    return agreement_of(class_probabilities(cosines, sizes), labels)


def class_probabilities(cosines: Rows, sizes: Rows | None = None) -> Matrix:
    """Return p(true class | image) (m, C) from cosines, at RIGHT_TEMPERATURE; 0 for MASKED ones."""
    most = max(known_classes(cosines) - 1, 1)
    logits = cosines.astype(np.float64) / (RIGHT_TEMPERATURE * most**PER_CLASS)
    return np.asarray(np.exp(log_softmax(logits if sizes is None else logits + sizes)))


def agreement_of(probabilities: Matrix, labels: NDArray[np.integer]) -> Agreement:
    """Compare labels (m,) with the likeliest classes, as `agreement`, from p(class | image)."""
    classes = int((probabilities > 0).any(axis=0).sum())
    if classes < 2:
        return Agreement(0.0, 0.0)
    every, others = np.arange(len(labels)), probabilities.copy()
    likeliest = others.argmax(axis=1)
    top = others[every, likeliest]
    others[every, likeliest] = 0
    rest = np.maximum(others.sum(axis=1), 1e-12)
    p = expit(np.log(top) - np.log(rest) - OVERCONFIDENCE)
    alike = np.minimum(top * (others / (1 - others)).sum(axis=1) / rest, 1)
    q = (1 - p) * (ALIKE * alike + (1 - ALIKE) / (classes - 1))
    surest = np.argsort(-p, kind="stable")[: (len(p) + 1) // 2]
    agree, most = likeliest == labels, p - q
    excess = p - agree
    found = (excess[rows].mean() / most[rows].mean() for rows in (every, surest))
    wrong, of_surest = (float(np.clip(share, 0, MOST)) for share in found)
    fewer = max(1 / max(len(p), 1) - 1 / CHANCE_ROWS, 0)
    error = _deviation(agree) * np.sqrt(fewer) / max(most.mean(), LEAST_MOST)
    return Agreement(wrong, of_surest, float(error), MISJUDGED * fewer)


def _deviation(agree: NDArray[np.bool_]) -> float:
    """Return the standard deviation of booleans (m,).

    Two of each are added first (Agresti and Coull 1998), as all may be the same by chance.
    """
    share = (agree.sum() + 2) / (len(agree) + 4)
    return float(np.sqrt(share * (1 - share)))


def share_of_lists(cosines: Rows, labels: NDArray[np.integer]) -> WrongShare:
    """Rank labels (m,) among the classes that their images were not given.

    A wrong label has any rank. Of the right ones a share t beats all these classes, and a share h
    (see HIDDEN) has any rank as well, since the features do not show its object. The cosines (m, C)
    are MASKED at an image's other labels; that to the own label is without the part that the image
    itself contributes. The share is 0 without rows.
    """
    estimate = _by_rank(cosines, labels) if len(labels) else 0.0
    return WrongShare.within(estimate, estimate - OF_LISTS, estimate + OF_LISTS)


def _by_rank(cosines: Rows, labels: NDArray[np.integer]) -> float:
    own = cosines[np.arange(len(labels)), labels]
    rivals = cosines > MASKED / 2
    count = np.maximum(rivals.sum(axis=1) - 1, 1)
    rank = ((cosines > own[:, None]) & rivals).sum(axis=1) / count
    first, low, chance = (rank == 0).mean(), 2 * (rank > 0.5).mean(), (1 / (count + 1)).mean()

    def excess(r: float) -> float:
        t = np.clip((first - chance * r) / (1 - r), 0, 1)
        return float((1 - r) * HIDDEN * (1 - t) ** HIDDEN_POWER + r - low)

    most = min(MOST, (1 - first) / (1 - chance))
    if excess(0.0) >= 0:
        return 0.0
    return float(brentq(excess, 0.0, most)) if excess(most) > 0 else float(most)
