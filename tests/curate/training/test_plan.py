import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.training.plan import MOST_EPOCHS, picture_side, plan_training


@given(
    st.sampled_from((32, 48, 64, 224)),
    st.integers(4, 10**8),
    st.sampled_from(("cpu", "cuda")),
    st.booleans(),
)
def test_any_crawl_gets_a_plan_that_can_be_followed(side, rows, device, taught):
    plan = plan_training(side, rows, device, 512, taught)
    assert 4 <= plan.epochs <= MOST_EPOCHS
    assert 16 <= plan.batch_size <= 512
    assert 0 <= plan.held_out < rows
    assert plan.steps(rows) >= 1
    assert all(0 <= refresh < plan.epochs for refresh in plan.refreshes)
    assert list(plan.refreshes) == sorted(set(plan.refreshes))
    assert (0 in plan.refreshes) == taught


@pytest.mark.parametrize(
    ("native", "rows", "side"),
    [(0, 100, 32), (32, 50_000, 32), (64, 34_000, 48), (500, 5_000, 64), (500, 10**7, 32)],
)
def test_pictures_are_no_larger_than_they_are_or_than_pays(native, rows, side):
    assert picture_side(native, rows, "cpu") == side
