import numpy as np

from curate.training.augment import augmented


def slow(picture: np.ndarray, down: int, across: int, mirrored: bool) -> np.ndarray:
    side = len(picture)
    wide = np.pad(picture, ((side, side), (side, side), (0, 0)), "reflect")
    moved = wide[side + down : 2 * side + down, side + across : 2 * side + across]
    return moved[:, ::-1] if mirrored else moved


def test_each_picture_is_moved_and_mirrored_by_itself() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), np.uint8)
    result = augmented(pictures, np.random.default_rng(1))
    found = set()
    for picture, moved in zip(pictures, result, strict=True):
        ways = [
            (down, across, mirrored)
            for down in range(-2, 3)
            for across in range(-2, 3)
            for mirrored in (False, True)
            if np.array_equal(slow(picture, down, across, mirrored), moved)
        ]
        assert len(ways) == 1
        found.add(ways[0])
    assert len(found) > 25


def test_the_same_random_numbers_give_the_same_pictures() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), np.uint8)
    first, again = (augmented(pictures, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
