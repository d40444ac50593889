from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.hierarchy import hierarchy_graph

SHOP = [
    ("sku-1", "mug"), ("sku-2", "mug"), ("sku-3", "plate"), ("mug", "dishes"),
    ("plate", "dishes"), ("sku-4", "chair"),
]  # fmt: skip


def test_similarity_is_one_over_one_plus_the_shortest_path() -> None:
    S = hierarchy_graph(["sku-1", "sku-2", "sku-3", "sku-4", "mug"], SHOP)
    expected = [
        [1, 1 / 3, 1 / 5, 0, 1 / 2],
        [1 / 3, 1, 1 / 5, 0, 1 / 2],
        [1 / 5, 1 / 5, 1, 0, 1 / 4],
        [0, 0, 0, 1, 0],
        [1 / 2, 1 / 2, 1 / 4, 0, 1],
    ]
    np.testing.assert_allclose(S, expected, atol=1e-7)


def test_of_several_parents_the_nearest_way_counts() -> None:
    edges = [("a", "x"), ("x", "y"), ("a", "y"), ("b", "y")]
    assert hierarchy_graph(["a", "b"], edges)[0, 1] == pytest.approx(1 / 3)


def test_an_unknown_class_is_nan_and_a_root_without_a_parent_is_known() -> None:
    S = hierarchy_graph(["a", "lost", "top"], [("a", "top"), ("top", "")])
    assert S[0, 2] == 0.5
    assert np.isnan(S[1]).all()
    assert np.isnan(S[:, 1]).all()


def test_a_circle_is_named() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "b"), ("c", "top"), ("top", "roof")]
    with pytest.raises(ValueError, match=r"in a circle: (b > c > d > b|c > d > b > c|d > b > c)"):
        hierarchy_graph(["a", "c"], edges)
    with pytest.raises(ValueError, match="in a circle: a > a"):
        hierarchy_graph(["a"], [("a", "a")])


def test_a_hierarchy_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="none of the 2 classes is in the hierarchy, such as 'x'"):
        hierarchy_graph(["x", "y"], SHOP)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25))
def test_it_is_the_shortest_way_over_a_shared_ancestor(pairs: list[tuple[int, int]]) -> None:
    edges = [(str(max(pair)), str(min(pair))) for pair in pairs if pair[0] != pair[1]]
    names = [str(i) for i in range(10)]
    S = hierarchy_graph(names, [*edges, *((name, None) for name in names)])
    up = np.full((10, 10), np.inf)
    np.fill_diagonal(up, 0)
    for child, parent in edges:
        up[int(child), int(parent)] = 1
    for k in range(10):
        up = np.minimum(up, up[:, [k]] + up[[k]])
    shortest = (up[:, None] + up[None]).min(axis=2)
    np.testing.assert_allclose(S, 1 / (1 + shortest), atol=1e-7)


def test_a_long_chain_is_no_problem_for_the_stack() -> None:
    chain = [str(i) for i in range(5_000)]
    assert hierarchy_graph(["4999", "4998"], [("4999", "4998"), ("4998", "r")])[0, 1] == 0.5
    with pytest.raises(ValueError, match="edges away from its ancestor"):
        hierarchy_graph(chain[:2], list(pairwise(chain)))
