"""Classes are named by their rates only where these differ beyond chance."""

import numpy as np
import polars as pl
import pytest
from rich.console import Console
from scipy import stats

from curate.heads.rates import Rates, differ
from curate.heads.summary import show_rates


@pytest.mark.parametrize("seed", range(20))
def test_the_test_is_scipys_of_a_table_of_counts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = rng.integers(20, 200, 8)
    spread = rng.choice([0, 0.05, 0.1])
    counts = rng.binomial(images, np.clip(rng.normal(0.4, spread, 8), 0.1, 0.9))
    table = np.stack([counts, images - counts])
    expected = stats.chi2_contingency(table, correction=False).pvalue < 0.05
    assert differ(counts / images, images) == expected


def test_rates_that_are_equal_or_rest_on_nothing_do_not_differ() -> None:
    assert not differ(np.array([0.05, 0.05]), np.array([1_000, 2_000]))
    assert not differ(np.array([0.0, 0.0]), np.array([1_000, 2_000]))
    assert not differ(np.array([0.9, 0.1]), np.array([0, 0]))
    assert not differ(np.array([0.9]), np.array([100]))


def said(missing: list[float]) -> str:
    console = Console(width=200)
    table = pl.DataFrame({"class": ["cat", "dog"], "missing": missing, "wrongly_given": [0.1, 0.1]})
    with console.capture() as capture:
        show_rates(console, Rates(table, np.array([100, 100]), 200))
    return capture.get()


def test_what_is_said_of_them() -> None:
    near = said([0.051, 0.049])
    assert "missing about as often in each class, 4.90% to 5.10% of images that show" in near
    assert "cat" not in near
    apart = said([0.1, 0.4])
    assert apart.index("dog  40.00%") < apart.index("cat  10.00%")
    assert "wrongly given about as often in each class, 10.00% of images" in apart
    assert "\n\n\n" not in near + apart
