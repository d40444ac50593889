"""The share of wrong labels in a crawl, estimated from a sample without any verified label.

Not in the papers. Three estimates, each for the crawls on which it errs least; how far they err on
crawls that were not used to choose their constants is in docs/evidence.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from prototypes.engine.pairs import MASKED
from prototypes.engine.softmax import log_softmax
from prototypes.engine.unseen import USUAL_CLASSES

RIGHT_TEMPERATURE, PER_CLASS = 0.267, -0.27
"""τ = 0.267 (C − 1)^−0.27 makes the softmax of cosines to prototypes predict true labels. It hardly
depends on the encoder or on how many labels are wrong."""
OVERCONFIDENCE = 0.19
"""Subtracted from the log odds of the likeliest class at that temperature."""
ALIKE = 0.4
"""Share of wrong labels that are drawn by likeness; the others are of any class."""
UNLIKE_COSINE, UNLIKE = 0.25, 0.75
"""With few classes the share of labels with a lower cosine to their prototype counts for three
quarters: many wrong labels are then of images of none of the classes, which are most like the label
that they were given."""
HIDDEN, HIDDEN_POWER = 0.5, 1.5
"""The share of right labels in lists whose object the features do not show is
0.5 (1 − t)^1.5, if a share t of right labels beats all classes that were not given."""
ROUNDED = 4
"""Decimals of an estimate."""
MOST = 0.95
"""The largest share that is estimated."""
INFLUENTIAL, MARGIN, COSINE = 0.05, 0.35, 0.1
"""If images support their own labels a lot, by a mean self-influence of the classes above .05,
labels agree with the likeliest class too often. Then the share of labels whose cosine is .35 below
that of another class, or below .1, is the estimate where it is the larger one."""
SURE, OF_FEW_IMAGES = (0.065, 0.055), (0.065, 0.1)
OF_LISTS, OF_FEW_CLASSES = (0.08, 0.08), (0.12, 0.2)
"""How far below and above the estimate the range goes."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class WrongShare:
    """A share of wrong labels, and a range of it.

    The range held the true share of most crawls of ten classes or more that were measured. With
    fewer classes it is too low where many images are of none of them (docs/evidence.md).
    """

    estimate: float
    low: float
    high: float

    @classmethod
    def around(cls, estimate: float, error: tuple[float, float]) -> "WrongShare":
        """Add a range of so much below and above; ROUNDED, as last bits differ by machine."""
        low, high = max(estimate - error[0], 0.0), min(estimate + error[1], 1.0)
        return cls(*(round(share, ROUNDED) for share in (estimate, low, high)))


def wrong_share(
    cosines: Rows,
    labels: NDArray[np.integer],
    lists: bool,
    sizes: Rows | None = None,
    influence: float = 0.0,
) -> WrongShare:
    """Estimate the share of wrong labels (m,) from the cosines (m, C) of images to all classes.

    The cosine to the own label is without the part that the image itself contributes. The other
    labels of an image, and classes without images, are MASKED. ``lists`` says that images may have
    several labels; ``sizes`` (C,) are log priors of the classes (see `Confusion.sizes`);
    ``influence`` is the mean self-influence of the classes (see `AdaptedSpace`). The estimate is 0
    without rows and with fewer than two classes.
    """
    if not len(labels):
        return WrongShare.around(0.0, SURE)
    if lists:
        return WrongShare.around(_of_lists(cosines, labels), OF_LISTS)
    agreement = share_by_agreement(cosines, labels, sizes)
    own = cosines[np.arange(len(labels)), labels]
    if known_classes(cosines) >= USUAL_CLASSES:
        if influence <= INFLUENTIAL:
            return WrongShare.around(agreement, SURE)
        far = (cosines.max(axis=1) - own > MARGIN) | (own < COSINE)
        return WrongShare.around(max(agreement, float(far.mean())), OF_FEW_IMAGES)
    unlike = float((own < UNLIKE_COSINE).mean())
    estimate = UNLIKE * unlike + (1 - UNLIKE) * agreement
    return WrongShare.around(estimate, OF_FEW_CLASSES)


def known_classes(cosines: Rows) -> int:
    """Count the classes that are not MASKED throughout."""
    return int((cosines > MASKED / 2).any(axis=0).sum())


def share_by_agreement(
    cosines: Rows, labels: NDArray[np.integer], sizes: Rows | None = None
) -> float:
    """Compare how often the likeliest class is the label with how often it should be.

    With p the probability that the likeliest class is the true one, q that it is the label although
    the label is wrong, and r the share of wrong labels, it is the label in a share
    (1 − r) p + r q of the images. p and q are read off the cosines, so that r follows. It misses
    wrong labels of images of none of the classes that are most like their label. Arguments as of
    `wrong_share`.
    """
    classes = known_classes(cosines)
    if classes < 2:
        return 0.0
    every = np.arange(len(labels))
    logits = cosines.astype(np.float64) / (RIGHT_TEMPERATURE * (classes - 1) ** PER_CLASS)
    log_p = log_softmax(logits if sizes is None else logits + sizes)
    likeliest = log_p.argmax(axis=1)
    top = log_p[every, likeliest]
    others = np.exp(log_p)
    others[every, likeliest] = 0
    rest = np.maximum(others.sum(axis=1), 1e-12)
    p = expit(top - np.log(rest) - OVERCONFIDENCE)
    alike = np.minimum(np.exp(top) * (others / (1 - others)).sum(axis=1) / rest, 1)
    q = (1 - p) * (ALIKE * alike + (1 - ALIKE) / (classes - 1))
    agreement = (likeliest == labels).mean()
    return float(np.clip((p.mean() - agreement) / (p.mean() - q.mean()), 0, MOST))


def _of_lists(cosines: Rows, labels: NDArray[np.integer]) -> float:
    """Rank labels among the classes that their images were not given.

    A wrong label has any rank. Of the right ones a share t beats all these classes, and a share h
    (see HIDDEN) has any rank as well, since the features do not show its object.
    """
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
