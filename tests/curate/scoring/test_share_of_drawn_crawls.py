"""Small crawls of drawn pictures: what is said of their wrong labels holds."""

import io

import numpy as np
import pytest
from PIL import Image

from curate.demo.draw import draw_jpeg
from curate.encoders.embedded import EmbeddedEncoder
from prototypes.fit.wrong_share import WrongShare
from prototypes.method import fit_space
from tests.blocks import in_memory

FIGURES = ("circle", "star", "heart", "arrow")
EACH = 60


@pytest.fixture(scope="module")
def drawn() -> np.ndarray:
    """Features of EACH pictures of every figure: (figures, EACH, D)."""
    rng = np.random.default_rng(3)
    pictures = [
        Image.open(io.BytesIO(draw_jpeg(name, rng))) for name in FIGURES for _ in range(EACH)
    ]
    pixels = np.stack([np.asarray(picture.convert("RGB")) for picture in pictures])
    return np.concatenate(list(EmbeddedEncoder().encode([pixels]))).reshape(len(FIGURES), EACH, -1)


def judged(
    drawn: np.ndarray, classes: int, n: int, rate: float, seed: int
) -> tuple[float, WrongShare]:
    """Return the true and the estimated share of wrong labels, of n pictures a class."""
    rng = np.random.default_rng(seed)
    chosen = [rng.choice(EACH, n, replace=False) for _ in range(classes)]
    kinds = rng.choice(len(FIGURES), classes, replace=False)
    x = np.concatenate([drawn[kind, some] for kind, some in zip(kinds, chosen, strict=True)])
    true = np.repeat(np.arange(classes), n)
    wrong = rng.random(len(true)) < rate
    labels = np.where(wrong, (true + rng.integers(1, classes, len(true))) % classes, true)
    found = fit_space(in_memory(x, labels), classes).agreement
    return float(wrong.mean()), WrongShare.of(found, classes)


def test_ranges_hold_the_true_share(drawn: np.ndarray) -> None:
    crawls = [
        (classes, n, rate) for classes in (2, 3, 4) for n in (30, 50) for rate in (0.0, 0.15, 0.3)
    ]
    found = [judged(drawn, *crawl, seed) for seed, crawl in enumerate(crawls)]
    held = sum(share.low <= true <= share.high for true, share in found)
    assert held >= 0.9 * len(found) - 1


def test_clean_small_crawls_are_not_told_that_a_third_is_wrong(drawn: np.ndarray) -> None:
    shares = [
        judged(drawn, classes, 40, 0.0, seed)[1] for classes in (2, 3, 4) for seed in range(3)
    ]
    assert np.mean([share.estimate for share in shares]) < 0.1
    assert max(share.low for share in shares) < 0.1


def test_of_ten_pictures_a_class_little_is_said(drawn: np.ndarray) -> None:
    found = [judged(drawn, 2, 10, 0.2, seed) for seed in range(10)]
    known = [(true, share) for true, share in found if not np.isnan(share.estimate)]
    assert sum(share.low <= true <= share.high for true, share in known) >= len(known) - 1
    assert min(share.high - share.low for _, share in known) > 0.25
