import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest

from curate.store.arrays import allocate, write_array, write_square

ARRAYS = {
    "halves": np.arange(6, dtype=np.float16).reshape(2, 3),
    "columns first": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "every second": np.arange(12, dtype=np.int32)[::2],
    "no rows": np.empty((0, 5), np.float32),
    "one number": np.array(3.0),
    "truths": np.array([True, False]),
    "fields": np.array([(1, 2), (3, 4)], "u8,u8"),
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_an_array_is_read_back_as_numpy_writes_it(array: np.ndarray, tmp_path: Path) -> None:
    with (tmp_path / "a.npy").open("wb") as file:
        write_array(file, array)
    plain = io.BytesIO()
    np.save(plain, np.ascontiguousarray(array).reshape(array.shape))
    assert (tmp_path / "a.npy").read_bytes() == plain.getvalue()


def test_a_matrix_by_blocks_of_rows_is_the_matrix(tmp_path: Path) -> None:
    matrix = np.random.default_rng(0).normal(size=(7, 7)).astype(np.float32)
    write_square(tmp_path / "S.npy", (matrix[at : at + 3] for at in range(0, 7, 3)))
    assert np.array_equal(np.load(tmp_path / "S.npy"), matrix)


@pytest.mark.parametrize("size", [10, 5_000, 200_000])
def test_a_disk_without_room_for_the_last_bytes_is_an_error(size: int) -> None:
    with pytest.raises(OSError, match="No space left"), open("/dev/full", "wb") as full:  # noqa: PTH123
        write_array(full, np.zeros(size, np.uint8))


def test_room_for_a_map_is_taken_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npy"
    np.lib.format.open_memmap(path, "w+", np.uint8, (1 << 20,))
    with path.open("r+b") as file:
        assert path.stat().st_blocks * 512 < 1 << 20
        allocate(file)
        assert path.stat().st_blocks * 512 >= 1 << 20

        def full(*_: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "posix_fallocate", full)
        with pytest.raises(OSError, match="No space left"):
            allocate(file)
