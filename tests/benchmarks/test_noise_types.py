import numpy as np

from benchmarks.noise_types import wrong_shares


def test_of_each_type_the_surest_are_counted() -> None:
    noise = np.array([[0.9, 0.1, 0], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.1, 0.7]], np.float32)
    found = wrong_shares(noise, np.array([False, True, True, False]), surest=2)
    expected = [[0.5, 0.5, 0.5], [1, 1, 0.25], [0.5, 0, 0.25], [np.nan, 0.5, 1]]
    np.testing.assert_array_equal(found, expected)
