import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.path_similarity import MAX_DISTANCE, path_similarity, path_similarity_rows

DISTANCES = st.lists(
    st.none() | st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, MAX_DISTANCE)),
    max_size=12,
)


def pair_by_pair(distances):
    S = np.eye(len(distances))
    for i, mine in enumerate(distances):
        for j, theirs in enumerate(distances):
            shared = set(mine or ()) & set(theirs or ())
            if i != j and shared:
                S[i, j] = 1 / (1 + min(mine[a] + theirs[a] for a in shared))
    return S


@given(DISTANCES)
def test_equals_the_definition_pair_by_pair(distances):
    S = path_similarity(distances)
    assert S.dtype == np.float32
    np.testing.assert_array_equal(S, pair_by_pair(distances).astype(np.float32))


@given(DISTANCES)
def test_is_symmetric_within_0_and_1_and_1_on_the_diagonal(distances):
    S = path_similarity(distances)
    np.testing.assert_array_equal(S, S.T)
    assert np.all((S >= 0) & (S <= 1))
    assert np.all(np.diag(S) == 1)


def test_a_class_outside_the_taxonomy_is_related_to_itself_alone():
    S = path_similarity([{"cat": 0, "animal": 1}, None, {"dog": 0, "animal": 1}])
    np.testing.assert_allclose(S, [[1, 0, 1 / 3], [0, 1, 0], [1 / 3, 0, 1]], rtol=1e-6)


def test_the_nearest_of_several_shared_ancestors_counts():
    S = path_similarity([{"x": 5, "y": 1, "z": 9}, {"x": 1, "y": 2}])
    assert S[0, 1] == np.float32(1 / 4)


def test_two_classes_with_one_synset_are_the_same():
    assert path_similarity([{"car": 0, "vehicle": 1}, {"car": 0, "vehicle": 1}])[0, 1] == 1


@pytest.mark.parametrize("distance", [-1, MAX_DISTANCE + 1])
def test_names_the_class_and_ancestor_of_a_distance_it_cannot_hold(distance):
    with pytest.raises(ValueError, match=r"Class 1 is -?\d+ edges away from its ancestor 'far'"):
        path_similarity([{"near": 0}, {"far": distance}])


def test_no_classes_give_an_empty_matrix():
    assert path_similarity([]).shape == (0, 0)


def test_blocks_of_rows_and_few_or_many_classes_below_an_ancestor_make_no_difference(monkeypatch):
    rng = np.random.default_rng(0)
    distances = [
        {"root": 9, f"group {c % 40}": int(rng.integers(1, 5)), f"own {c}": 0} for c in range(300)
    ]
    expected = pair_by_pair(distances).astype(np.float32)
    monkeypatch.setattr("graphs.row_blocks.CLASSES", 77)
    blocks = list(path_similarity_rows(distances))
    assert [len(block) for block in blocks] == [77, 77, 77, 69]
    np.testing.assert_array_equal(np.vstack(blocks), expected)
