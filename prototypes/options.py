"""What can be chosen about the mathematics; nothing heavy is imported here."""

import math
from dataclasses import dataclass
from typing import Final, Literal

Psi = Literal["softmax", "l2"]
"""What ψ of Eq. 4 can be."""
SOFTMAX: Final = "softmax"
L2: Final = "l2"
PrototypeWeights = Literal["weighted", "constant"]
"""The weight of a sample in its prototype: p (Eq. 5), or 1 for each candidate (SINet Table 3).

Candidates are the images whose mean is the initial prototype; with `CONSTANT` no other counts.
"""
WEIGHTED: Final = "weighted"
CONSTANT: Final = "constant"
VerifiedUse = Literal["both", "only"]
"""The prototypes of a class come from verified rows and the rows of the crawl, or, if the class has
verified rows, from these only (SINet Table 8)."""
BOTH: Final = "both"
ONLY: Final = "only"
LARGEST_LOG = 80.0
"""Natural log of the largest p that sums in float32 can hold; that of the least is below -80."""


@dataclass(frozen=True)
class Options:
    """The choices in Eq. 4 and 5 and in the initial prototypes."""

    gamma: float = 2.0
    epsilon: float = 0.05
    psi: Psi = SOFTMAX
    """ψ of Eq. 4."""
    tau_v: float | None = None
    tau_t: float | None = None
    """Temperatures of a softmax ψ; None: calibrated."""
    prototypes: PrototypeWeights = WEIGHTED
    rounds: int = 1
    """How many times p is computed; from the second time on, from the last round's prototypes."""
    per_class: int = 1
    """k: the largest number of prototypes per class."""
    verified: VerifiedUse = BOTH
    reliable: float = 0.4
    """Share of each class, the most confident, whose mean is the initial prototype."""


def largest_gamma(epsilon: float) -> float:
    """Return the largest γ with which p of Eq. 4, up to ε^−γ, is a float32."""
    return LARGEST_LOG / -math.log(epsilon) if epsilon < 1 else math.inf
