import numpy as np
import pytest

from prototypes.engine.blocks import EachBlock, unit_rows
from prototypes.engine.moments import add_moments, block_moments
from prototypes.fit.few_rows import NONE_FROM
from prototypes.fit.held_out import held_out_agreement, held_out_cosines, log_shares
from prototypes.fit.rounds import FOLDS, fold_of
from prototypes.fit.space import adapted_space
from prototypes.fit.wrong_share import WrongShare
from prototypes.fit.wrong_share import agreement as agreement_of_cosines
from prototypes.method import fit_space
from tests.blocks import in_memory


def crawl(
    rows: int, classes: int, wrong: float, d: int = 20, apart: float = 5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, classes, rows)
    centres = rng.normal(size=(classes, d))
    centres *= apart / np.linalg.norm(centres, axis=1, keepdims=True)
    x = (centres[true] + rng.normal(size=(rows, d))).astype(np.float32)
    flipped = rng.random(rows) < wrong
    return x, np.where(flipped, (true + rng.integers(1, classes, rows)) % classes, true)


def long_tail(imbalance: int, wrong: float) -> tuple[np.ndarray, np.ndarray]:
    """Cut the classes of a balanced crawl to sizes that fall geometrically."""
    x, true = crawl(20_000, 10, 0.0, apart=8)
    sizes = np.geomspace(1_500, 1_500 / imbalance, 10).round().astype(int)
    kept = np.concatenate([np.flatnonzero(true == c)[:size] for c, size in enumerate(sizes)])
    x, true = x[kept], true[kept]
    rng = np.random.default_rng(1)
    flipped = rng.random(len(true)) < wrong
    return x, np.where(flipped, (true + rng.integers(1, 10, len(true))) % 10, true)


def test_cosines_against_spaces_that_are_fitted_to_the_other_folds() -> None:
    x, y = crawl(300, 4, 0.2)
    x = unit_rows(x)
    fold, moments = fold_of(x), add_moments([block_moments(x, y, 4)])
    found = held_out_cosines(x, y, moments, None, fold)
    for k in range(FOLDS):
        rest, held = fold != k, fold == k
        space = adapted_space(add_moments([block_moments(x[rest], y[rest], 4)]))
        means = np.stack([x[rest][y[rest] == c].mean(axis=0) for c in range(4)])
        directions = unit_rows((means - space.mean) @ space.projection)
        expected = space.transform(x[held]) @ directions.T
        np.testing.assert_allclose(found[held], expected, atol=1e-3)


def test_many_features_are_shortened_and_say_the_same() -> None:
    x, y = crawl(600, 3, 0.3)
    wide = np.hstack([x, np.zeros((600, 400), np.float32)])
    short, long = agreement(in_memory(x, y), 3), agreement(in_memory(wide, y), 3)
    assert short == pytest.approx(long, abs=0.02)


@pytest.mark.parametrize("wrong", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("classes", [2, 5])
def test_few_images_with_many_features_do_not_hide_wrong_labels(classes: int, wrong: float) -> None:
    x, y = crawl(150 * classes, classes, wrong, d=150, apart=8)
    assert agreement(in_memory(x, y), classes) == pytest.approx(wrong, abs=0.06)


@pytest.mark.parametrize("wrong", [0.0, 0.15, 0.3])
@pytest.mark.parametrize(("rows", "classes"), [(80, 2), (120, 3), (150, 5)])
def test_ranges_of_small_crawls_hold_the_share(rows: int, classes: int, wrong: float) -> None:
    held = 0
    for seed in range(10):
        x, y = crawl(rows, classes, wrong, d=150, apart=5, seed=seed)
        share = WrongShare.of(fit_space(in_memory(x, y), classes).agreement, classes)
        held += share.low <= wrong <= share.high
    assert held >= 9


def test_from_500_images_on_folds_alone_count() -> None:
    x, y = crawl(NONE_FROM, 3, 0.2)
    x = unit_rows(x)
    moments = add_moments([block_moments(x, y, 3)])
    found = held_out_agreement(in_memory(x, y), moments)
    folds = held_out_cosines(x, y, moments, None, fold_of(x))
    sizes = log_shares(moments.by_class.weight)
    assert found.wrong == pytest.approx(agreement_of_cosines(folds, y, sizes).wrong, abs=1e-6)


@pytest.mark.parametrize("wrong", [0.0, 0.1, 0.2])
@pytest.mark.parametrize("imbalance", [10, 100])
def test_the_share_is_found_where_class_sizes_fall_geometrically(
    imbalance: int, wrong: float
) -> None:
    x, y = long_tail(imbalance, wrong)
    assert agreement(in_memory(x, y), 10) == pytest.approx(wrong, abs=0.06)


def test_the_prior_of_classes_is_their_share_with_ten_rows_more() -> None:
    prior = np.exp(log_shares(np.array([90.0, 0, 10])))
    assert prior == pytest.approx(np.array([100, 10, 20]) / 130)


def test_what_cannot_be_judged_is_unknown() -> None:
    x, y = crawl(60, 2, 0.0)
    lists = np.stack([y, np.full(60, -1)], axis=1)
    assert np.isnan(agreement(in_memory(x, lists), 2))
    rare = np.array([0] * 58 + [1] * 2)
    assert np.isnan(agreement(in_memory(x, rare), 2))


def test_a_class_of_copies_of_one_image_is_no_obstacle() -> None:
    x, y = crawl(60, 2, 0.0)
    x[y == 1] = x[y == 1][0]
    assert np.isnan(agreement(in_memory(x, y), 2))


def test_classes_of_one_image_and_absent_ones_are_left_out() -> None:
    x, y = crawl(400, 4, 0.1)
    y[0], more = 4, 7
    found, without = agreement(in_memory(x, y), more), agreement(in_memory(x[1:], y[1:]), 4)
    assert found == pytest.approx(without, abs=0.05)


def agreement(each: EachBlock, classes: int) -> float:
    return fit_space(each, classes).agreement.wrong


def test_blocks_of_any_size_say_the_same() -> None:
    x, y = crawl(500, 3, 0.2)
    moments = add_moments([block_moments(x, y, 3)])
    found = [held_out_agreement(in_memory(x, y, size), moments) for size in (64, 500)]
    assert found[0].wrong == pytest.approx(found[1].wrong, abs=1e-6)


@pytest.mark.parametrize("few", [[1], [3, 3, 3], [1] * 10])
def test_a_few_rows_with_labels_of_their_own_do_not_change_what_is_found(few: list[int]) -> None:
    x, y = crawl(1_500, 5, 0.2, d=200, apart=8)
    without = agreement(in_memory(x, y), 5)
    y[: sum(few)] = 5 + np.repeat(np.arange(len(few)), few)
    assert agreement(in_memory(x, y), 5 + len(few)) == pytest.approx(without, abs=0.03)
