import numpy as np
import pytest

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.wrong_share import calibration_error, judge, long_tails, measured, summary, thinned
from prototypes.fit.wrong_share import WrongShare


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


def test_long_tails_are_of_the_imbalance_that_they_are_named_by() -> None:
    made = dict(long_tails(crawl(0.1), np.random.default_rng(0)))
    assert len(made) == 2 * 3 * 5
    sizes = np.bincount(made["10 classes, 50:1"].labels)
    assert sizes.max() / sizes.min() == pytest.approx(50, rel=0.1)
    assert not made["5 classes, 10:1, no wrong labels"].wrong.any()
    assert made["5 classes, 100:1, uniform 50%"].wrong.mean() == pytest.approx(0.5, abs=0.01)


def test_the_summary_tells_errors_and_ranges() -> None:
    found = [(0.1, WrongShare(0.2, 0.1, 0.3)), (0.5, WrongShare(0.5, 0.51, 0.61))]
    said = "mean error 0.050; 1 of 2 ranges hold the truth, mean width 0.150"
    assert summary(found) == said


def test_calibration_error_is_the_mean_gap_of_bins() -> None:
    p = np.array([0.05, 0.05, 0.95, 0.95])
    right = np.array([False, True, True, True])
    assert calibration_error(p, right) == pytest.approx((0.9 + 0.1) / 4)
