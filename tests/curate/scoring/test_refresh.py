"""Weights made again by what networks see, in arrays and through `curate.torch`."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from cli import app
from curate.errors import CurateError
from curate.scoring.refresh import cross_fitted_weights
from curate.torch import WeightedImages, refreshed_weights
from prototypes import method
from prototypes.engine.blocks import unit_rows
from prototypes.score.weights import sample_weight
from tests.blocks import in_memory
from tests.crawls import plain_png

CLASSES, ROWS, WRONG = 4, 400, 100
NAMES = ("apple", "cat", "truck", "van")


def crawl() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """True classes, given labels, a quarter of them wrong, and features that tell half of them."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, CLASSES, ROWS)
    labels = true.copy()
    labels[:WRONG] = (true[:WRONG] + rng.integers(1, CLASSES, WRONG)) % CLASSES
    features = unit_rows(np.eye(8)[true // 2] + rng.normal(0, 0.3, (ROWS, 8)))
    return true, labels.astype(np.int32), features


def seen(true: np.ndarray) -> np.ndarray:
    """Logits that are right about nearly all classes."""
    rng = np.random.default_rng(1)
    return (3 * np.eye(CLASSES)[true] + rng.normal(0, 1, (len(true), CLASSES))).astype(np.float32)


def weigh(features: np.ndarray, logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return cross_fitted_weights(features, logits, labels, CLASSES, None, 1.2, 1.5)


def test_what_networks_see_moves_weight_from_wrong_labels_to_right_ones() -> None:
    true, labels, features = crawl()
    blind = np.random.default_rng(2).normal(size=(ROWS, CLASSES)).astype(np.float32)
    shares = []
    for logits in (blind, seen(true)):
        weights = weigh(features, logits, labels)
        shares.append(weights[WRONG:].sum() / weights.sum())
    assert shares[1] > 0.95 > shares[0] + 0.05


def test_they_are_equation_6_on_features_and_logits_side_by_side() -> None:
    true, labels, features = crawl()
    logits = seen(true)
    centred = logits - logits.mean(axis=1, keepdims=True)
    x = np.hstack([features, centred / np.linalg.norm(centred, axis=1, keepdims=True)])
    each = in_memory(x.astype(np.float32), labels, 50)
    space = method.fit_space(each, CLASSES)
    fitted = method.fit_prototypes(method.adapted(each, space), CLASSES, space=space)
    scores = method.score_block(space.transform(x), labels, space, fitted)
    expected = sample_weight(scores.label.distance, 1.2, 1.5)
    np.testing.assert_allclose(weigh(features, logits, labels), expected, atol=1e-3)


def test_a_constant_added_to_all_logits_of_a_row_changes_nothing() -> None:
    true, labels, features = crawl()
    logits = seen(true)
    moved = logits + np.random.default_rng(3).normal(size=(ROWS, 1)).astype(np.float32)
    found, again = weigh(features, logits, labels), weigh(features, moved, labels)
    np.testing.assert_allclose(found, again, atol=1e-3)


@pytest.fixture(scope="module")
def weighted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crawl with pictures, weighed without relations at α = 1.1 and β = 2; one is not there."""
    folder = tmp_path_factory.mktemp("crawl")
    _, labels, features = crawl()
    pictures = [plain_png((row % 256, 0, 0), (4, 4)) for row in range(ROWS)]
    pictures[5] = b""
    given = [NAMES[label] for label in labels]
    rows = {"key": [f"{row:03d}" for row in range(ROWS)], "image": pictures, "label": given}
    pl.DataFrame({**rows, "embedding": list(features)}).write_parquet(folder / "crawl.parquet")
    command = ["weight", str(folder / "crawl.parquet"), "--alpha", "1.1", "--beta", "2"]
    done = CliRunner().invoke(app, [*command, "--graph", "none"])
    assert done.exit_code == 0, done.output
    return folder / "crawl.weighted.parquet"


def test_samples_are_weighed_by_the_features_and_choices_of_the_run(weighted: Path) -> None:
    true, labels, features = crawl()
    data = WeightedImages(weighted, size=4, keep="all")
    places = torch.arange(0, len(data), 2)
    rows = data.row_numbers[places.numpy()]
    logits = seen(true)[rows]
    found = refreshed_weights(data, torch.from_numpy(logits), places)
    stored = unit_rows(features).astype(np.float16)[rows]
    expected = cross_fitted_weights(stored, logits, labels[rows], CLASSES, None, 1.1, 2)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-3)


def test_all_samples_are_weighed_unless_places_are_given(weighted: Path) -> None:
    true, _, _ = crawl()
    data = WeightedImages(weighted, size=4, keep="all")
    logits = torch.from_numpy(seen(true)[data.row_numbers])
    found = refreshed_weights(data, logits)
    assert found.shape == (len(data),)
    assert found.dtype == torch.float32
    assert torch.equal(found, refreshed_weights(data, logits, torch.arange(len(data))))


def test_too_few_rows_to_compare_are_refused(weighted: Path) -> None:
    data = WeightedImages(weighted, size=4, keep="all")
    with pytest.raises(CurateError, match="fewer than two classes have two rows each"):
        refreshed_weights(data, torch.zeros(1, CLASSES), torch.tensor([0]))


def test_lists_of_labels_are_refused(tmp_path: Path) -> None:
    _, labels, features = crawl()
    lists = [[NAMES[label], NAMES[(label + 1) % CLASSES]] for label in labels]
    pictures = [plain_png((row % 256, 0, 0), (4, 4)) for row in range(ROWS)]
    path = tmp_path / "crawl.parquet"
    keys = [f"{row:03d}" for row in range(ROWS)]
    pl.DataFrame(
        {"key": keys, "image": pictures, "label": lists, "embedding": list(features)}
    ).write_parquet(path)
    done = CliRunner().invoke(app, ["weight", str(path), "--graph", "none"])
    assert done.exit_code == 0, done.output
    data = WeightedImages(tmp_path / "crawl.weighted.parquet", size=4, keep="all")
    with pytest.raises(CurateError, match="lists of labels"):
        refreshed_weights(data, torch.zeros(len(data), CLASSES))
