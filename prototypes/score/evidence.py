"""Further evidence for a label: class texts in the space of the images, and captions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.blocks import Floats, Labels, unit_rows
from prototypes.engine.moments import BlockSums, ClassSums, class_sums
from prototypes.engine.neighbours import nearest_prototypes

ZERO_SHOT_TEMPERATURE = 0.01
"""CLIP's own (Radford et al. 2021)."""
SPREAD_FLOOR = 1e-3
"""Spread of agreement below which the captions of a class are all the same."""
LIMIT = 3.0
"""Agreement is clipped at this many standard deviations."""

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """What is added to cosines; for all classes by extra columns of g and of the prototypes.

    Adds ``rows[i] @ classes[j]`` to the cosine of row i to class j, and ``own[i]`` to the cosine to
    its own class.
    """

    own: Rows
    """(n,)"""
    rows: Rows
    """(n, k)"""
    classes: Rows
    """(C, k)"""

    def beside(self, g: Rows, directions: Rows, k: int) -> tuple[Rows, Rows]:
        """Append the columns to rows g (n, d) and to k unit prototypes of each class (C·k, d).

        Prototypes of absent classes stay zeros.
        """
        present = directions.any(axis=1, keepdims=True)
        columns = np.repeat(self.classes, k, axis=0) * present
        return np.hstack([g, self.rows]), np.hstack([directions, columns])


def with_level(evidence: Evidence | None, level: Rows, rows: int) -> Evidence:
    """Add a ``level`` (C,) to the cosines of all ``rows`` rows to each class."""
    own, ones = np.zeros(rows, np.float32), np.ones((rows, 1), np.float32)
    if evidence is None:
        return Evidence(own, ones, level[:, None])
    return Evidence(
        evidence.own,
        np.hstack([evidence.rows, ones]),
        np.hstack([evidence.classes, level[:, None]]),
    )


@dataclass(frozen=True)
class ClassTexts:
    """The embeddings of class texts by an encoder that has images and texts in one space."""

    vectors: Rows
    """(C, E): unit rows."""
    columns: tuple[int, int]
    """First feature column of the image tower, and the one after its last."""

    def images(self, features: Floats) -> Rows:
        """Return the columns of the image tower (n, E) from features (n, D), as unit rows."""
        return unit_rows(features[:, slice(*self.columns)])

    def prior(self, features: Floats, mean: Rows) -> tuple[Rows, Rows]:
        """Return rows (n, E + 1) and classes (C, E + 1) whose products are zero-shot logits.

        The logits are cosines to the texts at CLIP's temperature, minus the cosine of the ``mean``
        image (E,) to the same text, since what a text shares with all images says nothing about one
        of them. The highest logit of a row is 0, so that nothing changes for a class on which all
        evidence agrees.
        """
        u = (self.images(features) - mean) / np.float32(ZERO_SHOT_TEMPERATURE)
        highest, _ = nearest_prototypes(u, self.vectors, 1)
        classes = np.hstack([self.vectors, np.ones((len(self.vectors), 1), np.float32)])
        return np.hstack([u, -highest]), classes


def margin_moments(margins: Rows, labels: Labels, classes: int) -> BlockSums:
    """Sum 1, m and m² per class over the rows of a block, without rows whose margin m is NaN."""
    m = margins.astype(np.float64)
    known = ~np.isnan(m)
    powers = np.stack([np.ones(known.sum()), m[known], m[known] ** 2], axis=1)
    return class_sums(powers, labels[known], classes)


def z_scores(margins: Rows, labels: Labels, moments: ClassSums) -> Rows:
    """Return margins (n,) in standard deviations from the mean of their class; NaN stays NaN.

    Returns 0 if the captions of a class are all the same, such as its name: they say nothing.
    """
    _, mean, square = moments.means().T
    spread = np.sqrt(np.maximum(square - mean**2, 0))
    z = (margins - mean[labels]) / np.maximum(spread, SPREAD_FLOOR)[labels]
    return np.where(np.isnan(margins), np.nan, z * (spread > SPREAD_FLOOR)[labels]).astype(
        np.float32
    )


def limited(agreement: Rows) -> Rows:
    """Clip agreement (n,) to LIMIT; 0 if it is unknown."""
    return np.clip(np.nan_to_num(agreement, nan=0.0), -LIMIT, LIMIT).astype(np.float32)
