import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.encoders.embedded import SIDE, EmbeddedEncoder, edges, patterns

encoder = EmbeddedEncoder()


def features(pictures: np.ndarray, batch: int = 64) -> np.ndarray:
    batches = (pictures[at : at + batch] for at in range(0, len(pictures), batch))
    return np.concatenate(list(encoder.encode(batches)))


def noise(count: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def test_features_have_the_promised_shape_and_type():
    found = features(noise(5))
    assert found.shape == (5, encoder.dim)
    assert found.dtype == np.float32


def test_a_feature_does_not_depend_on_the_batch_it_came_in():
    pictures = noise(70)
    whole = features(pictures, batch=70)
    np.testing.assert_allclose(features(pictures, batch=1), whole, atol=1e-5)
    np.testing.assert_allclose(features(pictures[::-1], batch=33)[::-1], whole, atol=1e-5)


def test_the_same_pictures_give_the_same_bits():
    assert np.array_equal(features(noise(40)), features(noise(40)))


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_a_picture_of_one_grey_has_a_finite_feature_that_is_not_zero(value):
    found = features(np.full((1, SIDE, SIDE, 3), value, dtype=np.uint8))
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) > 0.5


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 255))
def test_any_picture_has_a_finite_feature_that_is_not_zero(seed, low, high):
    low, high = min(low, high), max(low, high)
    rng = np.random.default_rng(seed)
    picture = rng.integers(low, high + 1, (1, SIDE, SIDE, 3)).astype(np.uint8)
    found = features(picture)
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) > 0.5


def test_an_empty_batch_gives_an_empty_block():
    (found,) = encoder.encode([noise(0)])
    assert found.shape == (0, encoder.dim)


def test_edges_of_a_picture_turned_by_half_are_the_same_histogram_turned_by_half():
    luma = np.random.default_rng(3).random((2, SIDE, SIDE), dtype=np.float32)
    upright = edges(luma).reshape(2, 4, 4, 12)
    back = edges(luma[:, ::-1, ::-1]).reshape(2, 4, 4, 12)
    turned = np.roll(back[:, ::-1, ::-1], 6, axis=-1)
    np.testing.assert_allclose(turned, upright, atol=1e-4)


def test_patterns_do_not_see_a_change_of_brightness():
    ycbcr = np.random.default_rng(4).random((2, SIDE, SIDE, 3), dtype=np.float32)
    np.testing.assert_allclose(patterns(ycbcr), patterns(ycbcr + 0.1), atol=1e-3)


def test_the_fingerprint_is_the_same_for_every_encoder_of_this_code():
    assert EmbeddedEncoder(batch_size=8).fingerprint == encoder.fingerprint
