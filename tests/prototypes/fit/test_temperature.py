import numpy as np
from scipy.special import log_softmax, softmax

from prototypes.engine.blocks import unit_rows
from prototypes.fit.relations import relations_of
from prototypes.fit.sample import LabelledSample, sample_rows, sample_stride
from prototypes.fit.temperature import best_temperature, label_temperature, relation_temperature


def drawn(temperature: float) -> tuple[LabelledSample, np.ndarray]:
    rng = np.random.default_rng(0)
    g, prototypes = unit_rows(rng.normal(size=(8000, 4))), unit_rows(rng.normal(size=(6, 4)))
    chance = softmax(g @ prototypes.T / temperature, axis=1).cumsum(axis=1)
    labels = (rng.random((len(g), 1)) > chance).sum(axis=1).clip(max=5)
    return LabelledSample(g, labels), prototypes


def test_the_temperature_that_labels_were_drawn_at_is_found() -> None:
    for temperature in (0.1, 0.3, 1.0):
        assert np.isclose(label_temperature(*drawn(temperature)), temperature, rtol=0.1)


def test_no_other_temperature_has_a_lower_negative_log_likelihood() -> None:
    sample, prototypes = drawn(0.2)
    best = label_temperature(sample, prototypes)

    def nll(tau: float) -> float:
        logs = log_softmax(sample.g @ prototypes.T / tau, axis=1)
        return float(-logs[np.arange(len(logs)), sample.labels].mean())

    assert all(nll(best) <= nll(tau) + 1e-6 for tau in np.geomspace(0.01, 10, 50))


def test_relations_that_are_the_cosines_scaled_get_the_scaled_temperature() -> None:
    rng = np.random.default_rng(1)
    initial = unit_rows(rng.normal(size=(5, 4)))
    sample = LabelledSample(initial, np.arange(5))
    graph = 3 * (initial @ initial.T) + 2
    found = relation_temperature(sample, relations_of(graph, initial), 0.2)
    assert np.isclose(found, 0.6, rtol=1e-2)


def test_scores_that_say_nothing_give_a_finite_temperature() -> None:
    assert np.isfinite(best_temperature(np.zeros((4, 3)), np.zeros(4)))


def test_a_sample_is_spread_evenly_and_bounded() -> None:
    g, labels = np.ones((100, 2), np.float32), np.arange(100) % 3 - 1
    taken = sample_rows(g, labels, 2, 4)
    assert len(taken.g) == len(taken.labels) == 17
    assert (taken.labels >= 0).all()
    assert sample_stride(50, 10) == 1
    assert 1e8 / sample_stride(1e8, 50_000) * 50_000 < 2**26
