import numpy as np
import pytest

from graphs.matrix import matrix_graph


def test_rows_are_taken_by_name_and_unknown_classes_are_nan() -> None:
    S = np.arange(9.0).reshape(3, 3)
    taken = matrix_graph(["c", "new", "a"], S, ["a", "b", "c"])
    np.testing.assert_array_equal(
        taken, np.array([[8, np.nan, 6], [np.nan] * 3, [2, np.nan, 0]], np.float32)
    )


@pytest.mark.parametrize(
    ("S", "names", "said"),
    [
        (np.ones((2, 3)), ["a", "b"], r"shape \(2, 3\) and there are 2 names"),
        (np.full((2, 2), "x"), ["a", "b"], "matrix of numbers"),
        (np.eye(2), ["a", "a"], "the name 'a' occurs twice"),
        (np.array([[1, np.inf], [0, 1]]), ["a", "b"], "infinite at 'a', 'b'"),
        (np.eye(2), ["x", "y"], "none of the 2 classes is in names, such as 'a'"),
    ],
)
def test_what_cannot_be_a_relation_matrix_is_told(
    S: np.ndarray, names: list[str], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        matrix_graph(["a", "b"], S, names)
