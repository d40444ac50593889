import numpy as np
import pytest

from graphs.text import cosine_rows


def families() -> tuple[list[np.ndarray], list[list[int]]]:
    """8 classes in 4 pairs of siblings: own words are unlike, a parent's gloss is shared."""
    rng = np.random.default_rng(0)

    def text(meaning: np.ndarray) -> np.ndarray:
        return (meaning + 0.5 * rng.normal(size=(rng.integers(2, 6), 16))).astype(np.float32)

    own = [2 * rng.normal(size=16) for _ in range(8)]
    parents = [2 * rng.normal(size=16) for _ in range(4)]
    texts = [text(m) for m in own] + [text(m) for m in own] + [text(m) for m in parents]
    of_class = [[c, 8 + c, 16 + c // 2] for c in range(8)]
    return texts, of_class


@pytest.fixture(scope="module")
def trained():
    from graphs.text_lstm import fit_text_lstm

    texts, of_class = families()
    return fit_text_lstm(texts, of_class), texts


@pytest.fixture
def few_steps(monkeypatch: pytest.MonkeyPatch):
    from graphs import text_lstm

    monkeypatch.setattr(text_lstm, "STEPS", 5)
    return text_lstm.fit_text_lstm


def test_two_texts_of_a_class_come_near_and_siblings_nearer_than_strangers(trained) -> None:
    rows = trained[0].embed(trained[1])
    names, glosses = rows[:8], rows[8:16]
    cosines = names @ glosses.T
    assert (cosines.argmax(axis=1) == np.arange(8)).mean() >= 0.75
    S = np.vstack(list(cosine_rows(names)))
    pair = np.arange(8) // 2
    sibling = (pair[:, None] == pair) & ~np.eye(8, dtype=bool)
    assert S[sibling].mean() > S[pair[:, None] != pair].mean() + 0.1


def test_the_same_texts_give_the_same_network_whatever_was_drawn_before(few_steps) -> None:
    import torch

    texts, of_class = families()
    first = few_steps(texts, of_class).embed(texts)
    torch.rand(3)
    np.testing.assert_array_equal(few_steps(texts, of_class).embed(texts), first)


def test_embeddings_are_unit_rows_that_do_not_depend_on_their_company(trained) -> None:
    model, texts = trained
    rows = model.embed(texts)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(model.embed(texts[3:4])[0], rows[3], atol=1e-5)


def test_a_class_with_one_text_and_one_with_none_can_be_trained_with(few_steps) -> None:
    texts = [np.ones((3, 4), np.float32), -np.ones((2, 4), np.float32)]
    assert np.isfinite(few_steps(texts, [[0], [1], []]).embed(texts)).all()
