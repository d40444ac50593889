"""The share of wrong labels, estimated from a random sample, with its interval."""

from dataclasses import dataclass

from scipy.special import betaincinv

CONFIDENCE = 0.95


@dataclass(frozen=True)
class NoiseRate:
    """How many of the ``asked`` labels, drawn at random, are ``wrong``."""

    wrong: int
    asked: int

    @property
    def share(self) -> float:
        """The unbiased estimate."""
        return self.wrong / self.asked

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper and Pearson's 95% interval (Biometrika 1934).

        It is exact: it contains the true share in at least 95% of samples, whatever their size.
        Samples are drawn without replacement here, which makes it contain it more often still.
        """
        tail = (1 - CONFIDENCE) / 2
        right = self.asked - self.wrong
        low = betaincinv(self.wrong, right + 1, tail) if self.wrong else 0.0
        high = betaincinv(self.wrong + 1, right, 1 - tail) if right else 1.0
        return float(low), float(high)
