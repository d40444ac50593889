import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prototypes.score.weights import sample_weight


@given(
    st.lists(st.floats(0, 2, width=32), min_size=1),
    st.floats(0.125, 3, width=32),
    st.floats(0.1, 4),
)
def test_weight_is_eq_6(distances: list[float], alpha: float, beta: float) -> None:
    slow = [max(0.0, alpha - d) ** beta for d in distances]
    found = sample_weight(np.array(distances), alpha, beta)
    assert found.dtype == np.float32
    assert np.allclose(found, slow, rtol=1e-3, atol=1e-4)


def test_what_has_no_distance_weighs_nothing() -> None:
    assert sample_weight(np.array([np.nan, 0.0], np.float32)).tolist() == [
        0,
        pytest.approx(1.2**1.5),
    ]


@pytest.mark.parametrize(("alpha", "beta"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1)])
def test_alpha_and_beta_must_be_positive(alpha: float, beta: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        sample_weight(np.ones(1), alpha, beta)
