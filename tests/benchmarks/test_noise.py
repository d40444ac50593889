import numpy as np
import pytest

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.noise import add_noise, nearest, visual_similarity, wordnet_similarity
from curate.errors import CurateError

NAMES = ("apple", "pear", "cat", "dog", "truck", "van")


def clean_crawl(rows: int = 1200, classes: int = 6, wrong: int = 0) -> Crawl:
    """Classes 2k and 2k + 1 look alike; the first rows are wrong."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, classes, rows).astype(np.int32)
    centres = np.repeat(rng.normal(size=(classes // 2, 16)), 2, axis=0)
    centres += 0.3 * rng.normal(size=(classes, 16))
    x = centres[true] + 0.1 * rng.normal(size=(rows, 16))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels, kinds = true.copy(), np.full(rows, CLEAN, "<U9")
    labels[:wrong], kinds[:wrong] = (labels[:wrong] + 1) % classes, "random"
    return Crawl(x.astype(np.float16), NAMES[:classes], labels, true, kinds)


def noisy(kind: str, rate: float, seed: int = 0, crawl: Crawl | None = None) -> Crawl:
    return add_noise(crawl or clean_crawl(), kind, rate, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", ["uniform", "confusing-visual"])
def test_exactly_the_rate_is_wrong_and_the_images_are_as_before(kind: str) -> None:
    crawl = noisy(kind, 0.4)
    assert crawl.wrong.sum() == 480
    assert set(crawl.kinds[crawl.wrong]) == {kind}
    assert set(crawl.kinds[~crawl.wrong]) == {CLEAN}
    assert np.array_equal(crawl.features, clean_crawl().features)
    assert np.array_equal(crawl.true, clean_crawl().true)


def test_uniform_by_class_makes_the_same_share_of_each_class_wrong() -> None:
    crawl = noisy("uniform-by-class", 0.4)
    for c in range(6):
        own = crawl.true == c
        assert crawl.wrong[own].sum() == round(0.4 * own.sum())


def test_uniform_noise_reaches_every_other_class_as_often() -> None:
    crawl = noisy("uniform", 0.5, crawl=clean_crawl(6000))
    pairs = np.zeros((6, 6))
    np.add.at(pairs, (crawl.true[crawl.wrong], crawl.labels[crawl.wrong]), 1)
    off_diagonal = pairs[~np.eye(6, dtype=bool)]
    assert np.trace(pairs) == 0
    assert off_diagonal.min() > 0.6 * off_diagonal.mean()


def test_visual_similarity_pairs_the_classes_that_look_alike() -> None:
    assert nearest(visual_similarity(clean_crawl()), 1).ravel().tolist() == [1, 0, 3, 2, 5, 4]


def test_confusing_noise_by_wordnet_stays_within_the_family() -> None:
    crawl = clean_crawl()
    similarity = wordnet_similarity(crawl.names)
    assert nearest(similarity, 1).ravel().tolist() == [1, 0, 3, 2, 5, 4]
    both = add_noise(crawl, "confusing", 0.3, np.random.default_rng(0))
    assert both.wrong.sum() == 360


def test_open_set_noise_has_the_rate_and_no_true_class() -> None:
    crawl = noisy("open-set", 0.3)
    assert crawl.wrong.mean() == pytest.approx(0.3, abs=0.002)
    assert set(crawl.true[crawl.wrong]) == {-1}
    assert len(crawl.names) == 4
    assert set(crawl.labels) == set(range(4))
    assert set(crawl.kinds) == {CLEAN, "open-set"}


def test_rows_that_were_wrong_before_are_left_out() -> None:
    crawl = noisy("uniform", 0.25, crawl=clean_crawl(1000, wrong=200))
    assert len(crawl.labels) == 800
    assert crawl.wrong.sum() == 200
    assert "random" not in crawl.kinds


def test_the_same_seed_gives_the_same_labels_and_another_seed_others() -> None:
    first, again, other = noisy("uniform", 0.4), noisy("uniform", 0.4), noisy("uniform", 0.4, 1)
    assert np.array_equal(first.labels, again.labels)
    assert not np.array_equal(first.labels, other.labels)


@pytest.mark.parametrize(("kind", "rate"), [("blur", 0.4), ("uniform", 0), ("uniform", 1.0)])
def test_an_unknown_kind_or_rate_is_refused_with_those_that_are_known(
    kind: str, rate: float
) -> None:
    with pytest.raises(CurateError, match="uniform, uniform-by-class, confusing"):
        noisy(kind, rate)


def test_too_much_open_set_noise_is_refused() -> None:
    with pytest.raises(CurateError, match="fewer than two classes"):
        noisy("open-set", 0.9)
