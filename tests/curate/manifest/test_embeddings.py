import os
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from curate.errors import CurateError
from curate.manifest.embeddings import MOST_DIMENSIONS, open_embeddings


class Touch:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> object:
        return os.mkdir, (str(self._path),)


def npy(shape: str) -> bytes:
    """Write an .npy file whose header says this of its shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + b"\0" * 64


def refusal(path: Path) -> str:
    with pytest.raises(CurateError) as caught:
        open_embeddings(path)
    assert len(str(caught.value)) < 500
    return str(caught.value)


@pytest.mark.parametrize(
    "shape",
    ["(-4, 4)", "(4, -4)", "(-4, -4)", "(10**30, 4)", "(4611686018427387904, 4)", "(16, 0)",
     "(4, 4, 1)", "(16,)", "()", "'ab'", "(4000, 4000)"],
)  # fmt: skip
def test_a_shape_that_cannot_be_is_refused(tmp_path: Path, shape: str) -> None:
    (tmp_path / "e.npy").write_bytes(npy(shape))
    assert "e.npy" in refusal(tmp_path / "e.npy")


def test_pickles_are_refused_and_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    array = np.empty((2, 2), object)
    array[:] = Touch(trap)
    np.save(tmp_path / "objects.npy", array, allow_pickle=True)
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Touch(trap)))
    np.savez(tmp_path / "objects.npz", a=array)
    for name in ("objects.npy", "pickle.npy", "objects.npz"):
        refusal(tmp_path / name)
    assert not trap.exists()


def test_several_arrays_in_a_file_are_refused_with_the_way_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "e.npz", embeddings=np.ones((2, 2), np.float32), ids=np.arange(2))
    words = refusal(tmp_path / "e.npz")
    assert "several arrays (embeddings, ids)" in words
    assert "numpy.save(" in words


def test_too_many_dimensions_are_refused_before_anything_is_made_of_them(tmp_path: Path) -> None:
    np.save(tmp_path / "e.npy", np.zeros((3, MOST_DIMENSIONS + 1), np.float16))
    assert "12,289 dimensions" in refusal(tmp_path / "e.npy")
    np.save(tmp_path / "e.npy", np.zeros((3, MOST_DIMENSIONS), np.float16))
    assert open_embeddings(tmp_path / "e.npy").dim == MOST_DIMENSIONS


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "e.npy")
    assert "is no regular file" in refusal(tmp_path / "e.npy")
    assert "is no regular file" in refusal(tmp_path)
