import numpy as np
import pytest

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.split import make_split
from curate.errors import CurateError


def crawl(names: tuple[str, ...], labels: list[int]) -> Crawl:
    x = np.random.default_rng(len(labels)).normal(3, 2, size=(len(labels), 5)).astype(np.float16)
    x[:, 4] = 1
    given = np.array(labels, np.int32)
    return Crawl(x, names, given, given, np.full(len(labels), CLEAN))


def test_validation_classes_are_numbered_as_in_the_crawl() -> None:
    split = make_split(crawl(("ant", "bee", "cow"), [0, 1, 2, 2]), crawl(("ant", "cow"), [1, 0, 1]))
    assert split.training.labels.tolist() == [0, 1, 2, 2]
    assert split.validation.labels.tolist() == [2, 0, 2]


def test_both_are_standardised_by_the_crawl_alone() -> None:
    whole = crawl(("ant", "bee"), [0, 1] * 50)
    split = make_split(whole, whole.rows(np.arange(100) < 10))
    x = split.training.x.numpy()
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=0), [1, 1, 1, 1, 0], atol=1e-5)
    assert np.array_equal(split.validation.x.numpy(), x[:10])


def test_a_class_that_is_not_crawled_is_refused() -> None:
    with pytest.raises(CurateError, match="such as 'cow'"):
        make_split(crawl(("ant", "bee"), [0, 1]), crawl(("ant", "cow"), [0, 1]))
