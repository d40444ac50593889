import numpy as np
import pytest
from scipy.special import expit

from prototypes.fit.prior import LEAST_SHARE, prior_of
from prototypes.fit.wrong_share import WrongShare


def share(estimate: float) -> WrongShare:
    return WrongShare(estimate, max(estimate - 0.05, 0), estimate + 0.05)


@pytest.mark.parametrize("wrong", [0.01, 0.3, 0.9])
def test_qualities_are_right_on_average(wrong: float) -> None:
    log_odds = np.random.default_rng(0).normal(0, 5, 4000)
    prior = prior_of(share(wrong), 0.2, log_odds)
    quality = expit(log_odds + prior.log_odds)
    assert quality.mean() == pytest.approx(1 - wrong, abs=1e-4)
    assert (quality < prior.wrong_below).mean() == pytest.approx(wrong, abs=1e-3)
    assert (quality < prior.flagged_below).mean() == pytest.approx(0.2, abs=1e-3)


def test_nothing_is_wrong_or_flagged_where_nothing_is_estimated_to_be() -> None:
    log_odds = np.random.default_rng(0).normal(0, 3, 4000)
    prior = prior_of(share(0.0), 0.0, log_odds)
    assert prior.wrong_below == prior.flagged_below == 0
    assert expit(log_odds + prior.log_odds).mean() == pytest.approx(1 - LEAST_SHARE, abs=1e-4)


def test_labels_without_rivals_are_no_obstacle() -> None:
    prior = prior_of(share(0.3), 0.3, np.full(10, 1e30))
    assert prior.log_odds == 0
