"""Second opinions on a synthetic crawl: useful ones help, worthless ones change no bit."""

import numpy as np
import pytest

from prototypes.engine.blocks import total, unit_rows
from prototypes.fit.space import AdaptedSpace
from prototypes.method import Prototypes, adapted, fit_prototypes, fit_space, score_block
from prototypes.score.evidence import ClassTexts
from prototypes.score.opinions import (
    NO_OPINIONS,
    Opinions,
    OpinionSample,
    fit_opinions,
    sample_opinions,
    score_opinions,
)
from tests.blocks import in_memory

N, CLASSES, D = 2000, 8, 24
RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, CLASSES, N)
CENTRES = RNG.normal(size=(CLASSES, D))
X = (RNG.normal(size=(N, D)) + 0.55 * CENTRES[TRUE]).astype(np.float16)
WRONG = RNG.random(N) < 0.35
Y = np.where(WRONG, (TRUE + RNG.integers(1, CLASSES, N)) % CLASSES, TRUE)
NO_CAPTIONS = np.full(N, np.nan, np.float32)


@pytest.fixture(scope="module")
def fitted() -> tuple[AdaptedSpace, Prototypes]:
    each = in_memory(X, Y)
    space = fit_space(each, CLASSES)
    return space, fit_prototypes(adapted(each, space), CLASSES)


def auroc(quality: np.ndarray) -> float:
    return float((quality[WRONG][:, None] < quality[~WRONG][None]).mean())


def judged(
    fitted: tuple[AdaptedSpace, Prototypes], agreement: np.ndarray, texts: ClassTexts | None
) -> tuple[Opinions, np.ndarray]:
    """Return what the opinions are worth, and label quality with them."""
    whole = OpinionSample(fitted[0].transform(X), X, Y, agreement)
    cut = [np.split(rows, [1300]) for rows in vars(whole).values()]
    sample = total(
        sample_opinions(OpinionSample(*part), CLASSES, 1) for part in zip(*cut, strict=True)
    )
    found = fit_opinions(sample, *fitted, texts)
    return found, score_opinions(whole, *fitted, texts, found).label.quality


@pytest.fixture(scope="module")
def plain(fitted: tuple[AdaptedSpace, Prototypes]) -> np.ndarray:
    return score_block(fitted[0].transform(X), Y, *fitted).label.quality


def captions(means: np.ndarray, seed: int = 1) -> np.ndarray:
    """Agreement of captions: of that mean in every row, in standard deviations."""
    return (means + np.random.default_rng(seed).normal(size=N)).astype(np.float32)


def test_captions_that_tell_right_from_wrong_sharpen_quality(fitted, plain) -> None:
    found, quality = judged(fitted, captions(np.where(WRONG, -1.0, 0.5)), None)
    assert found.agreement > 0.5
    assert auroc(quality) > auroc(plain) + 0.01


def test_some_captions_are_enough(fitted, plain) -> None:
    agreement = captions(np.where(WRONG, -1.0, 0.5))
    agreement[::2] = np.nan
    found, quality = judged(fitted, agreement, None)
    assert found.agreement > 0.5
    assert auroc(quality) > auroc(plain) + 0.005


@pytest.mark.parametrize("seed", range(3))
def test_captions_that_are_the_same_for_right_and_wrong_labels_change_no_bit(
    fitted, plain, seed: int
) -> None:
    found, quality = judged(fitted, captions(np.zeros(N), seed), None)
    assert found == NO_OPINIONS
    assert np.array_equal(quality, plain)


def test_captions_that_praise_wrong_labels_weigh_nothing(fitted, plain) -> None:
    found, quality = judged(fitted, captions(np.where(WRONG, 1.0, -0.5)), None)
    assert found == NO_OPINIONS
    assert np.array_equal(quality, plain)


def test_texts_that_lie_where_their_images_are_sharpen_quality(fitted, plain) -> None:
    texts = ClassTexts(unit_rows(CENTRES - CENTRES.mean(axis=0)), (0, D))
    found, quality = judged(fitted, NO_CAPTIONS, texts)
    assert found.zero_shot > 0
    assert auroc(quality) > auroc(plain) + 0.003


@pytest.mark.parametrize("seed", range(3))
def test_texts_of_random_towers_change_no_bit(fitted, plain, seed: int) -> None:
    rng = np.random.default_rng(seed)
    texts = ClassTexts(unit_rows(rng.normal(size=D) + 0.1 * rng.normal(size=(CLASSES, D))), (0, D))
    found, quality = judged(fitted, NO_CAPTIONS, texts)
    assert found.zero_shot == 0
    assert np.array_equal(quality, plain)


def test_both_together_are_better_than_each(fitted) -> None:
    texts = ClassTexts(unit_rows(CENTRES - CENTRES.mean(axis=0)), (0, D))
    agreement = captions(np.where(WRONG, -0.7, 0.4))
    both = auroc(judged(fitted, agreement, texts)[1])
    assert both > auroc(judged(fitted, NO_CAPTIONS, texts)[1])
    assert both > auroc(judged(fitted, agreement, None)[1])


def test_a_crawl_without_labels_has_no_opinions(fitted) -> None:
    sample = sample_opinions(
        OpinionSample(X[:9], X[:9], np.full(9, -1), NO_CAPTIONS[:9]), CLASSES, 1
    )
    assert fit_opinions(sample, *fitted, None) == NO_OPINIONS
