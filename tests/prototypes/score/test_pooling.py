import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import log_softmax

from prototypes.score.pooling import ALONE, _log_likelihood, calibrate, pool


def opinions(
    m: int, classes: int, skill: float, wrong: float = 0.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two independent opinions on the true class, the second of that skill, and the answers."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, m)
    hot = np.eye(classes)[true]
    first, second = 2 * hot + rng.normal(size=hot.shape), skill * hot + rng.normal(size=hot.shape)
    answers = np.where(rng.random(m) < wrong, rng.integers(0, classes, m), true)
    return first, second, answers


@pytest.mark.parametrize("views", [1, 2])
def test_the_likelihood_is_a_mixture_of_softmax_and_chance(views: int) -> None:
    first, second, answers = opinions(50, 4, 1.0, 0.3)
    w = np.array([0.8, 0.4, -0.5][-views - 1 :])
    given = (first, second)[:views]
    pooled = log_softmax(sum(a * v for a, v in zip(w[:-1], given, strict=True)), axis=1)
    wrong = 1 / (1 + np.exp(0.5))
    slow = [
        np.log((1 - wrong) * np.exp(p[a]) + wrong / 4) for p, a in zip(pooled, answers, strict=True)
    ]
    value, slope = _log_likelihood(w, given, answers)
    np.testing.assert_allclose(value, slow)
    numeric = approx_fprime(w, lambda at: _log_likelihood(at, given, answers)[0].mean(), 1e-7)
    np.testing.assert_allclose(slope, numeric, atol=1e-6)


@pytest.mark.parametrize("wrong", [0.0, 0.4])
def test_two_opinions_of_equal_skill_weigh_the_same(wrong: float) -> None:
    found = pool(*opinions(3000, 5, 2.0, wrong))
    assert 0.8 < found.second / found.first < 1.25


def test_a_better_opinion_weighs_more_and_a_worse_one_less() -> None:
    weights = [pool(*opinions(1500, 5, skill, 0.3)).second for skill in (0.5, 1.0, 2.0, 4.0)]
    assert weights == sorted(weights)
    assert weights[0] > 0


@pytest.mark.parametrize("classes", [2, 10])
def test_an_opinion_without_skill_weighs_exactly_nothing(classes: int) -> None:
    found = [pool(*opinions(400, classes, 0.0, 0.3, seed)) for seed in range(8)]
    assert found.count(ALONE) >= 7


def test_an_opinion_against_the_truth_weighs_nothing() -> None:
    assert pool(*opinions(1000, 4, -2.0)) == ALONE


@pytest.mark.parametrize("m", [0, 1, 2])
def test_too_few_rows_tell_nothing(m: int) -> None:
    assert pool(*opinions(m, 3, 4.0)) == ALONE


def test_calibration_undoes_a_wrong_scale_whatever_share_of_answers_is_wrong() -> None:
    for wrong in (0.0, 0.4):
        first, _, answers = opinions(3000, 5, 0.0, wrong)
        assert abs(calibrate(first / 3, answers) - 3 * 2) < 1.2
