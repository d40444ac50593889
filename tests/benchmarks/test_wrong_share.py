import numpy as np
import pytest

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.wrong_share import calibration_error, judge, measured, thinned


def crawl(wrong: float, classes: int = 12) -> Crawl:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(classes, 40))
    true = rng.integers(0, classes, 4000).astype(np.int32)
    x = (centres[true] + 0.8 * rng.normal(size=(4000, 40))).astype(np.float16)
    flipped = rng.random(4000) < wrong
    labels = np.where(flipped, (true + rng.integers(1, classes, 4000)) % classes, true).astype(
        np.int32
    )
    return Crawl(x, tuple(map(str, range(classes))), labels, true, np.full(4000, CLEAN))


def test_a_crawl_is_thinned_to_a_share() -> None:
    rng = np.random.default_rng(0)
    for share in (0.1, 0.6):
        assert thinned(crawl(0.3), share, rng).wrong.mean() == pytest.approx(share, abs=0.01)


def test_a_row_of_the_table_says_whether_the_range_holds_the_truth() -> None:
    made = crawl(0.3)
    share, said = judge(made)
    found = measured(made, share, said)
    assert found[:2] == ["4,000", "12"]
    assert found[6] == "yes"
    assert float(found[7]) < 0.15
    assert float(found[9]) > 0.9 < float(found[10])


def test_calibration_error_is_the_mean_gap_of_bins() -> None:
    p = np.array([0.05, 0.05, 0.95, 0.95])
    right = np.array([False, True, True, True])
    assert calibration_error(p, right) == pytest.approx((0.9 + 0.1) / 4)
