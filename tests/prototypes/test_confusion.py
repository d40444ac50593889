import numpy as np
import pytest
from scipy.special import softmax

from prototypes.blocks import in_memory, unit_rows
from prototypes.confusion import Confusion, fit_confusion, uniform
from prototypes.method import adapted, fit_prototypes, fit_space, score_block
from prototypes.relations import Relations, relations_of

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


def test_log_odds_are_those_of_a_plain_loop() -> None:
    relations, tau, share = some_relations(700), 0.3, 0.7
    labels = RNG.integers(0, 700, 40)
    p = np.ones((40, 700)) / 700
    totals = fit_confusion(relations, tau, p, labels).log_total
    found = Confusion(share, tau, totals)
    for part in (slice(0, 512), slice(512, 700)):
        odds = found.log_odds(relations, labels, part)
        for row, y in enumerate(labels):
            others = np.delete(np.arange(700), y)
            chance = np.zeros(700)
            chance[others] = softmax(relations.graph[y, others] / tau)  # type: ignore[index]
            slow = np.log(1 - share + share * 699 * chance)
            kept = np.arange(700)[part] != y
            assert np.allclose(odds[row][kept], slow[part][kept], atol=1e-4)


def test_without_a_label_or_a_graph_any_class_is_as_likely() -> None:
    relations = some_relations(6)
    labels = np.array([-1, 2, 3])
    some = Confusion(0.8, 0.3, np.zeros(6, np.float32))
    assert not some.log_odds(relations, labels, slice(0, 6))[0].any()
    assert not uniform(6).log_odds(relations, labels, slice(0, 6)).any()
    blind = relations_of(None, relations.initial)
    assert fit_confusion(blind, 0.3, np.ones((3, 6)) / 6, labels).share == 0


def test_a_class_that_the_graph_does_not_know_is_taken_for_any() -> None:
    S = related(6, 3)
    S[4], S[:, 4] = np.nan, np.nan
    relations = relations_of(S, unit_rows(RNG.normal(size=(6, 5))))
    p, labels = np.full((12, 6), 1 / 6), np.arange(12) % 6
    found = Confusion(0.9, 0.1, fit_confusion(relations, 0.1, p, labels).log_total)
    odds = found.log_odds(relations, np.array([4, 1]), slice(0, 6))
    assert not odds[0].any()
    assert odds[1, 0] > 0 > odds[1, 5]


@pytest.mark.parametrize("known", [True, False])
def test_a_graph_counts_where_it_foretells_what_labels_are_taken_for(known: bool) -> None:
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
    informed, blind = (score_block(x, y, space, prototypes, S).label for S in (graph, None))
    gain = auroc(wrong, informed.quality) - auroc(wrong, blind.quality)
    assert gain > 0.005 if known else abs(gain) < 0.003
