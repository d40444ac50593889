import numpy as np

from graphs.text import caption_embeddings, cosine_rows, spread_over_classes


def cosine_graph(embeddings: np.ndarray) -> np.ndarray:
    return np.vstack(list(cosine_rows(embeddings)))


def test_relations_are_cosines_with_nan_where_there_is_no_text() -> None:
    known = np.array([[3.0, 0], [1, 1], [0, 2]], np.float32)
    S = cosine_graph(spread_over_classes(known, [True, False, True, True]))
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        S[np.ix_([0, 2, 3], [0, 2, 3])], [[1, half, 0], [half, 1, half], [0, half, 1]], atol=1e-6
    )
    assert np.isnan(S[1]).all()
    assert np.isnan(S[:, 1]).all()


def test_captions_of_other_classes_do_not_move_a_class() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(3, 16)
    labels = np.repeat(np.arange(3), 100)
    said = np.where(rng.random(300) < 0.3, (labels + 1) % 3, labels)
    captions = centres[said] + 0.05 * rng.normal(size=(300, 16))
    captions = (captions / np.linalg.norm(captions, axis=1, keepdims=True)).astype(np.float32)
    found = caption_embeddings(captions, labels, 4)
    assert np.isnan(found[3]).all()
    S = cosine_graph(found[:3])
    assert S[~np.eye(3, dtype=bool)].max() < 0.05
    plain = cosine_graph(np.stack([captions[labels == c].mean(0) for c in range(3)]))
    assert plain[~np.eye(3, dtype=bool)].min() > 0.2


def test_a_single_caption_is_the_mean_of_its_class() -> None:
    captions = np.array([[1, 0], [0, 1]], np.float32)
    np.testing.assert_array_equal(caption_embeddings(captions, np.array([0, 1]), 2), captions)
