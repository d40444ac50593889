"""The cosines of the sample to all prototypes, by which label quality is calibrated."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prototypes.engine.absent import absent_classes, mask_absent
from prototypes.engine.blocks import unit_rows
from prototypes.engine.little_known import little_known
from prototypes.engine.pairs import mask_others, own_labels
from prototypes.engine.softmax import log_softmax, nearest_of_class
from prototypes.fit.sample import LabelledSample
from prototypes.fit.space import AdaptedSpace

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class SampleCosines:
    """The cosines of m labelled rows to C classes."""

    cosines: Rows
    """(m, C): MASKED at the other labels of an image, and for absent classes."""
    labels: NDArray[np.integer[Any]]
    """(m,): own labels, all ≥ 0."""
    lists: bool
    """Whether images have several labels."""

    @classmethod
    def of(cls, sample: LabelledSample, v: Rows, k: int, level: Rows) -> "SampleCosines":
        """Compare a sample with prototypes v (C·k, d) of any length; the nearest of k counts.

        ``level`` (C,) is added to the cosines (see `prevalence`).
        """
        cosines = nearest_of_class(sample.g @ unit_rows(v).T, k) + level
        mask_others(cosines, sample.labels)
        mask_absent(cosines, absent_classes(v, k))
        return cls(cosines, own_labels(sample.labels), sample.several_labels)

    @property
    def own(self) -> Rows:
        """Return the cosine of each row to its label (m,)."""
        return np.asarray(self.cosines[np.arange(len(self.labels)), self.labels])

    def softmax(self, temperature: float) -> Rows:
        """Return the softmax of the cosines at a temperature (m, C)."""
        logits = self.cosines / np.float32(temperature)
        return np.asarray(np.exp(log_softmax(logits)), np.float32)

    def judged(
        self, images: NDArray[np.floating[Any]], space: AdaptedSpace | None
    ) -> "SampleCosines":
        """Leave out little-known classes, and what an image adds to the cosine to its own label.

        ``images`` (C,) are those of each class. Without a ``space`` nothing is taken off.
        """
        unknown = little_known(images)
        kept = ~np.isin(self.labels, unknown)
        cosines, labels = self.cosines[kept], self.labels[kept]
        if space is not None:
            cosines[np.arange(len(labels)), labels] -= space.self_influence[labels]
        mask_absent(cosines, unknown)
        return SampleCosines(cosines, labels, self.lists)
