import numpy as np

from prototypes.engine.blocks import EachBlock, labelled, unit_rows
from prototypes.engine.moments import ClassSums
from prototypes.fit.verified import VERIFIED_WEIGHT, Verified
from prototypes.method import Prototypes, adapted, fit_prototypes, fit_space
from prototypes.options import BOTH, ONLY, Options
from tests.blocks import in_memory


def sums(weight: list[float], total: list[list[float]]) -> ClassSums:
    return ClassSums(np.array(weight), np.array(total))


def test_only_takes_verified_rows_where_a_class_has_any() -> None:
    crowd = sums([4, 4], [[8, 0], [8, 0]])
    trust = Verified(None, sums([2, 0], [[0, 2], [0, 0]]), crowd.weight, ONLY)
    assert np.allclose(trust.join(crowd).means(), [[0, 1], [2, 0]])


def test_both_counts_a_verified_row_as_several_average_rows() -> None:
    crowd = sums([4, 4], [[8, 0], [8, 0]])
    trust = Verified(None, sums([2, 0], [[0, 2], [0, 0]]), crowd.weight, BOTH)
    w = VERIFIED_WEIGHT
    assert np.allclose(trust.join(crowd).means(), [[8 / (4 + 2 * w), 2 * w / (4 + 2 * w)], [2, 0]])
    heavy = sums([400, 400], [[800, 0], [800, 0]])
    assert np.allclose(trust.join(heavy).means(), trust.join(crowd).means())


def test_without_verified_rows_sums_stay_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    crowd = ClassSums(rng.random(5), rng.normal(size=(5, 3)))
    for use in (BOTH, ONLY):
        joined = Verified.of(None, crowd, use).join(crowd)
        assert np.array_equal(joined.total, crowd.total)
        assert np.array_equal(joined.weight, crowd.weight)


def hostile() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Most labels of class 0 are wrong, all in the same way; 60 rows are verified."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 4, 1200)
    x = rng.normal(size=(1200, 16)) + 2 * np.eye(16)[true]
    given = np.where((true == 1) & (rng.random(1200) < 0.7), 0, true)
    given = np.where((true == 0) & (rng.random(1200) < 0.7), 2, given)
    rows = rng.permutation(1200)[:60]
    crowd, verified = given.copy(), np.full(1200, -1)
    crowd[rows], verified[rows] = -1, true[rows]
    return x, true, crowd, verified


def fit(
    x: np.ndarray, crowd: np.ndarray, verified: np.ndarray | None, options: Options
) -> tuple[Prototypes, np.ndarray]:
    each = in_memory(x, crowd, 100)
    more: EachBlock | None = None if verified is None else labelled(in_memory(x, verified, 100))
    space = fit_space(each, 4, more)
    inside = None if more is None else adapted(more, space)
    return fit_prototypes(adapted(each, space), 4, None, options, inside), space.transform(x)


def test_a_few_verified_rows_mend_a_class_that_the_crawl_has_wrong() -> None:
    x, true, crowd, verified = hostile()

    def right(options: Options, checked: np.ndarray | None) -> float:
        prototypes, g = fit(x, crowd, checked, options)
        k = options.per_class
        nearest = np.argmax(g @ unit_rows(prototypes.v).T, axis=1) // k
        return float((nearest == true)[true == 0].mean())

    without = right(Options(), None)
    assert without < 0.3
    for k in (1, 2):
        for use in (BOTH, ONLY):
            assert right(Options(verified=use, per_class=k), verified) > without + 0.3, (k, use)
    assert right(Options(verified=ONLY, prototypes="constant"), verified) > without + 0.3


def test_a_crawl_that_is_verified_to_the_last_row_needs_no_other() -> None:
    x, true, _, _ = hostile()
    for options in (Options(), Options(verified=ONLY, per_class=2, psi="l2")):
        prototypes, g = fit(x, np.full(1200, -1), true, options)
        nearest = np.argmax(g @ unit_rows(prototypes.v).T, axis=1) // options.per_class
        assert np.isfinite(prototypes.v).all()
        assert (nearest == true).mean() > 0.75
