from pathlib import Path

import numpy as np
import pytest

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.measure import measure
from benchmarks.methods import (
    METHODS,
    Judgement,
    Task,
    curate,
    curriculumnet,
    deep_knn,
    knn,
    make_task,
    simifeat,
    simifeat_rank,
    simifeat_vote,
)
from benchmarks.metrics import auroc


def task_with_wrong_labels(folder: Path) -> tuple[Task, np.ndarray]:
    """Three classes of which every fifth label is wrong."""
    rng = np.random.default_rng(0)
    true = np.arange(300) % 3
    labels = np.where(np.arange(300) % 5 == 0, (true + 1) % 3, true)
    x = 3 * rng.normal(size=(3, 12))[true] + rng.normal(size=(300, 12))
    given = [f"class {label}" for label in labels]
    return make_task(folder, x.astype(np.float16), given, "none"), labels != true


@pytest.mark.parametrize("method", [curate, knn, deep_knn, simifeat_vote, simifeat_rank])
def test_a_method_finds_wrong_labels(method, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    task, wrong = task_with_wrong_labels(tmp_path / "task")
    judgement = method.judge(task)
    for score in judgement.scores.values():
        assert auroc(wrong, score) > 0.95
    assert (judgement.flag == wrong).mean() > 0.95
    assert judgement.noise == pytest.approx(0.2, abs=0.05)


def test_density_doubts_the_rows_far_from_the_middle_of_their_class(tmp_path: Path) -> None:
    task, wrong = task_with_wrong_labels(tmp_path / "task")
    judgement = curriculumnet.judge(task)
    for score in judgement.scores.values():
        assert auroc(wrong, score) > 0.95
    assert wrong[judgement.flag].mean() > 0.95


def test_density_and_distance_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    squared = np.array([[((a - b) ** 2).sum() for b in x] for a in x])
    near = np.sort(squared.ravel())[int(0.6 * squared.size)]
    counts = [sum(d < near for d in row) for row in squared]
    found = curriculumnet.distances(x)
    np.testing.assert_allclose(found, squared, atol=1e-5)
    assert np.abs(curriculumnet.neighbours(found) * 30 - counts).max() <= 1
    assert not curriculumnet.farthest(np.array([0.0, 1.0])).any()


def test_neighbours_are_the_nearest_others_even_among_doubles() -> None:
    x = np.array([[1, 0], [1, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]], np.float32)
    cosines, found = knn.nearest_others(x / np.linalg.norm(x, axis=1, keepdims=True), 30)
    assert found.shape == cosines.shape == (5, 4)
    assert all(row not in others for row, others in enumerate(found))
    assert found[[0, 1, 3, 4], 0].tolist() == [1, 0, 4, 3]
    assert found[2, 0] in (0, 1)
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_votes_count_the_given_label_and_the_best_other() -> None:
    neighbours = np.array([[0, 0, 1, 2, 1], [2, 2, 2, 0, 1]])
    own, other = knn.votes(neighbours, np.array([0, 0]))
    assert own.tolist() == [2, 1]
    assert other.tolist() == [2, 3]


def test_the_methods_that_are_compared_are_all_there_are() -> None:
    folder = Path(simifeat.__file__).parent
    found = {path.stem for path in folder.glob("*.py") if "def judge(" in path.read_text()}
    assert set(METHODS) == found


def test_soft_labels_sum_the_nearest_labels_by_likeness() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).astype(np.float32)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels = rng.integers(0, 3, 40)
    found = simifeat.soft_labels(x, labels, 3)
    for row in range(40):
        cosines = x @ x[row]
        others = sorted((at for at in range(40) if at != row), key=lambda at: -cosines[at])[:9]
        expected = np.zeros(3)
        expected[labels[row]] += 2 * cosines[others[0]] - cosines[others[1]]
        for at in others:
            expected[labels[at]] += cosines[at]
        np.testing.assert_allclose(found[row], expected, atol=1e-5)
    one_hot = np.eye(3)[labels]
    cosine = (found * one_hot).sum(axis=1) / np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(simifeat.agreement(found, labels), cosine, atol=1e-6)


def test_the_lowest_of_each_class_are_flagged() -> None:
    score, labels = np.array([0.3, 0.1, 0.2, 0.9, 0.8, 0.7]), np.array([0, 0, 0, 1, 1, 1])
    flag = simifeat_rank.lowest(score, labels, np.array([0.66, 0.34]))
    assert flag.tolist() == [False, True, True, False, False, True]
    assert not simifeat_rank.lowest(score, labels, np.zeros(2)).any()


def test_deep_neighbours_are_nearest_by_the_logits_of_a_model_of_the_given_labels() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    x = (4 * np.eye(5)[labels] + rng.normal(size=(60, 5))).astype(np.float32)
    points = deep_knn.logits(x, labels)
    assert points.shape == (60, 3)
    assert (points.argmax(axis=1) == labels).mean() > 0.9
    assert deep_knn.logits(x[labels < 2], labels[labels < 2]).shape == (40, 1)
    found = deep_knn.nearest(points)
    assert found.shape == (60, 50)
    for row, others in enumerate(found):
        far = np.linalg.norm(points - points[row], axis=1)
        far[row] = np.inf
        np.testing.assert_allclose(far[others], np.sort(far)[:50])


def test_a_judgement_is_measured_by_kind_of_noise_and_its_flag_once() -> None:
    labels = np.array([0, 1, 0, 1, 0, 1], np.int32)
    true = np.array([0, 1, 0, 1, 1, -1], np.int32)
    kinds = np.array([CLEAN] * 4 + ["confusing", "open-set"])
    crawl = Crawl(np.zeros((6, 2), np.float16), ("a", "b"), labels, true, kinds)
    score = np.array([0.9, 0.8, 0.7, 0.3, 0.1, 0.5])
    flag = np.array([False, False, False, True, True, True])
    first, second = measure("m", Judgement({"a": score, "b": -score}, flag, 0.4), crawl)
    assert first["auroc_by_kind"] == {"confusing": 1.0, "open-set": 0.75}
    assert first["auroc"] == 7 / 8
    assert (first["flag_precision"], first["flag_recall"]) == (2 / 3, 1.0)
    assert second["auroc"] == 1 / 8
    assert "flag_recall" not in second
