"""What the papers compare with, beyond the heads that `curate refine` offers."""

from torch import Tensor

from curate.heads.fine_tune import FineTune
from curate.heads.hu import Hu
from curate.heads.nmn import Nmn
from curate.heads.stage import Rows, Stage


class Noisy(Nmn):
    """NMN whose classifier learns the given labels as they are."""

    def target(self, rows: Rows) -> Tensor:
        """Return the given labels (n, C)."""
        return rows.given


class VerifiedOnly(FineTune):
    """A classifier that learns verified rows alone (Xiao et al., Table 2, #1 and #2)."""

    runs = 1

    def stages(self, verified: Rows) -> list[Stage]:
        """Count the confusion; train on verified rows."""
        self.count(verified)
        return [Stage(self._loss, (self.y,), verified=64)]


class LastLayer(FineTune):
    """Fine-tuning of the last layer alone (FT-L)."""

    def stages(self, verified: Rows) -> list[Stage]:
        """Train on noisy rows; then the last layer on verified ones."""
        first, second = super().stages(verified)
        return [first, Stage(second.loss, (self.y[-1],), verified=second.verified)]


class NoisyNets(Hu):
    """Hu's two nets without the clean loss (their Table 5, "training h alone")."""

    def stages(self, verified: Rows) -> list[Stage]:
        """Train as Hu does, with α = 0."""
        stages = super().stages(verified)
        self._alpha = 0.0
        return stages
