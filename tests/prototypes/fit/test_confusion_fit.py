from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from prototypes.engine import confusion
from prototypes.engine.blocks import tiles, unit_rows
from prototypes.engine.confusion import Confusion, uniform
from prototypes.fit import confusion_fit
from prototypes.fit.confusion_fit import confusion_of, fit_confusion
from prototypes.fit.relations import Relations, relations_of
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from tests.blocks import in_memory

RNG = np.random.default_rng(0)


def some_relations(classes: int) -> Relations:
    S = RNG.random((classes, classes)).astype(np.float32)
    np.fill_diagonal(S, 1)
    return relations_of(S, unit_rows(RNG.normal(size=(classes, 5))))


def related(classes: int, family: int) -> np.ndarray:
    """S_t in which classes of a family of so many are near, and others are not."""
    own = np.arange(classes) // family
    return np.where(own[:, None] == own, 0.5, 0.1) + 0.5 * np.eye(classes)


def flipped_crawl(classes: int, family: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels of which 40% are those of another of the family, and which are wrong."""
    rng = np.random.default_rng(2)
    true = rng.integers(0, classes, 4000)
    x = rng.normal(size=(4000, 24)) + 0.7 * rng.normal(size=(classes, 24))[true]
    wrong = rng.random(4000) < 0.4
    step = rng.integers(1, family, 4000)
    neighbour = true // family * family + (true % family + step) % family
    return x.astype(np.float32), np.where(wrong, neighbour, true), wrong


def auroc(wrong: np.ndarray, quality: np.ndarray) -> float:
    return float((quality[wrong][:, None] < quality[~wrong][None]).mean())


def log_odds(found: Confusion, labels: np.ndarray) -> np.ndarray:
    """How much likelier than by chance labels (n,) stand for each class (n, C)."""
    odds = np.where(labels >= 0, found.others[labels], 0)[:, None].repeat(len(found.others), axis=1)
    for part in tiles(len(found.others), confusion.CLASSES):
        found.add_excess(odds[:, part], labels, part)
    return odds


def slow_log_odds(relations: Relations, tau: float, share: float, y: int) -> np.ndarray:
    assert relations.graph is not None
    classes = len(relations.graph)
    others, chance = np.delete(np.arange(classes), y), np.zeros(classes)
    chance[others] = softmax(relations.graph[y, others] / tau)
    return np.log(1 - share + share * (classes - 1) * chance)


@pytest.mark.parametrize("classes", [2, 7, 300])
def test_log_odds_are_those_of_a_plain_loop(classes: int) -> None:
    relations, tau, share = some_relations(classes), 0.3, 0.7
    labels = RNG.integers(0, classes, 40)
    odds = log_odds(confusion_of(relations, tau, share), labels)
    for row, y in zip(odds, labels, strict=True):
        others = np.delete(np.arange(classes), y)
        assert np.allclose(row[others], slow_log_odds(relations, tau, share, y)[others], atol=1e-4)


@pytest.mark.parametrize("classes", [2, 5])
def test_relations_that_lie_close_together_at_a_low_temperature_overflow_nowhere(
    classes: int,
) -> None:
    S = np.full((classes, classes), 0.95, np.float32)
    S[0, 1], S[np.diag_indices(classes)] = 0.99, 1
    relations = relations_of(S, unit_rows(RNG.normal(size=(classes, 5))))
    labels = np.arange(classes)
    assert np.isfinite(log_odds(confusion_of(relations, 0.01, 0.9), labels)).all()
    p = np.full((classes, classes), 1 / classes, np.float32)
    assert np.isfinite(fit_confusion(relations, 0.01, p, labels).share)


def test_of_many_classes_the_likeliest_are_exact_and_the_others_share_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (confusion, confusion_fit):
        monkeypatch.setattr(module, "CLASSES", 256)
    classes, tau, share, kept = 700, 0.1, 0.7, confusion_fit.MOST_RELATED
    relations, labels = some_relations(classes), RNG.integers(0, 700, 40)
    odds = log_odds(confusion_of(relations, tau, share), labels)
    for row, y in zip(odds, labels, strict=True):
        slow = np.delete(slow_log_odds(relations, tau, share, y), y)
        found, slow = np.delete(row, y)[np.argsort(-slow)], -np.sort(-slow)
        assert np.allclose(found[:kept], slow[:kept], atol=1e-4)
        assert np.allclose(np.exp(found).sum(), classes - 1, rtol=1e-5)
        assert np.ptp(found[kept:]) == 0


def test_without_a_label_or_a_graph_any_class_is_as_likely() -> None:
    relations = some_relations(6)
    labels = np.array([-1, 2, 3])
    assert not log_odds(confusion_of(relations, 0.3, 0.8), labels)[0].any()
    assert not log_odds(uniform(6), labels).any()
    blind = relations_of(None, relations.initial)
    assert fit_confusion(blind, 0.3, np.ones((3, 6)) / 6, labels).share == 0


def test_a_class_that_the_graph_does_not_know_is_taken_for_any() -> None:
    rng = np.random.default_rng(0)
    S = related(6, 3)
    S[4], S[:, 4] = np.nan, np.nan
    relations = relations_of(S, unit_rows(rng.normal(size=(6, 5))))
    odds = log_odds(confusion_of(relations, 0.1, 0.9), np.array([4, 1]))
    assert np.allclose(odds[0], 0, atol=1e-6)
    assert odds[1, 0] > 0 > odds[1, 5]


@pytest.mark.parametrize("known", [True, False])
def test_a_graph_counts_where_it_predicts_what_labels_are_taken_for(known: bool) -> None:
    classes, family = 20, 4
    x, y, wrong = flipped_crawl(classes, family)
    graph = related(classes, family)
    if not known:
        order = np.random.default_rng(1).permutation(classes)
        graph = graph[np.ix_(order, order)]
    space = fit_space(in_memory(x, y), classes)
    prototypes = fit_prototypes(adapted(in_memory(x, y), space), classes, graph)
    share = prototypes.confusion.share
    assert share > 0.8 if known else share < 0.3
    g, unaware = space.transform(x), replace(prototypes, confusion=uniform(classes))
    informed, blind = (score_block(g, y, space, p).label for p in (prototypes, unaware))
    gain = auroc(wrong, informed.quality) - auroc(wrong, blind.quality)
    assert gain > 0.005 if known else abs(gain) < 0.003
