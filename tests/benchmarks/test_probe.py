import numpy as np
import torch

from benchmarks.probe import Samples, accuracies


def samples(rows: int = 600, seed: int = 0) -> Samples:
    """Three classes that can be told apart."""
    labels = np.arange(rows) % 3
    centres = np.random.default_rng(9).normal(size=(3, 200))
    x = 4 * (centres[labels] + np.random.default_rng(seed).normal(size=(rows, 200)))
    return Samples(torch.from_numpy(x).float(), torch.from_numpy(labels))


def trained(crawl: Samples, weight: np.ndarray, seed: int = 0) -> list[float]:
    found = accuracies(crawl, weight, samples(300, seed=1), 3, [1, 40], seed)
    assert all(top_5 == 1 for _, top_5 in found), "there are three classes"
    return [top_1 for top_1, _ in found]


def with_wrong_labels(crawl: Samples, wrong: np.ndarray) -> Samples:
    return Samples(
        crawl.x, torch.where(torch.from_numpy(wrong), (crawl.labels + 1) % 3, crawl.labels)
    )


def test_accuracy_is_taken_after_each_number_of_steps_and_rises() -> None:
    few, many = trained(samples(), np.ones(600))
    assert few < many
    assert many > 0.95


def test_a_seed_gives_the_same_classifier_and_another_seed_another() -> None:
    assert trained(samples(), np.ones(600)) == trained(samples(), np.ones(600))
    assert trained(samples(), np.ones(600)) != trained(samples(), np.ones(600), seed=1)


def test_rows_of_weight_0_are_as_if_they_were_not_there() -> None:
    crawl, weight = samples(), np.linspace(0.5, 2, 600)
    left_out = np.arange(600) % 4 == 0
    weight[left_out] = 0
    nonsense = Samples(crawl.x.clone(), crawl.labels)
    nonsense.x[torch.from_numpy(left_out)] = torch.nan
    part = Samples(crawl.x[~left_out], crawl.labels[~left_out])
    assert trained(nonsense, weight) == trained(part, weight[~left_out])


def test_only_the_ratio_of_weights_counts() -> None:
    weight = np.random.default_rng(0).random(600)
    assert trained(samples(), weight) == trained(samples(), weight / 64)


def test_weights_decide_between_labels_that_contradict_each_other() -> None:
    wrong = np.arange(600) % 2 == 0
    crawl = with_wrong_labels(samples(), np.ones(600, bool))
    both = Samples(torch.cat([crawl.x, crawl.x]), torch.cat([samples().labels, crawl.labels]))
    right_first = np.concatenate([np.full(600, 0.9), np.full(600, 0.1)])
    assert trained(both, right_first)[-1] > 0.8
    assert trained(both, right_first[::-1])[-1] < 0.2
    assert trained(with_wrong_labels(samples(), wrong), (~wrong).astype(float))[-1] > 0.9


def test_fine_tuning_goes_on_with_other_rows() -> None:
    wrong = np.ones(600, bool)
    wrong[:60] = False
    crawl = with_wrong_labels(samples(), wrong)
    found = accuracies(crawl, wrong.astype(float), samples(300, seed=1), 3, [40], 0, ~wrong)
    assert found[0][0] < 0.1
    assert found[1][0] > 0.7
    alone = accuracies(crawl, wrong.astype(float), samples(300, seed=1), 3, [40], 0)
    assert alone == found[:1]


def test_top_5_counts_the_five_likeliest() -> None:
    crawl = Samples(torch.eye(8), torch.arange(8))
    [(top_1, top_5)] = accuracies(crawl, np.ones(8), crawl, 8, [1], 0)
    assert top_1 <= top_5 < 1
