"""Maps of files are pickled as places; everything else as it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate.store.folders import Folders
from curate.store.mapped import SMALL, by_name


@pytest.fixture
def stored(tmp_path: Path) -> np.ndarray:
    folders = Folders(tmp_path)
    rows = np.arange(3 * SMALL, dtype=np.int16).reshape(-1, 4)
    folders.write("a", {"x": rows})
    return folders.array("a", "x")


def again(array: np.ndarray) -> Any:
    reduced = by_name(array)
    assert reduced is not None
    function, arguments = reduced
    return function(*arguments)


def test_a_map_and_its_parts_are_found_again(stored: np.ndarray) -> None:
    for part in (stored, np.asarray(stored), stored[5:-7], np.asarray(stored)[2:][1:]):
        found = again(part)
        assert found.dtype == part.dtype and np.array_equal(found, part)
        assert not found.flags.writeable


def test_what_is_no_whole_piece_of_a_map_is_not(stored: np.ndarray) -> None:
    in_memory = np.array(stored)
    in_memory.flags.writeable = False
    assert by_name(in_memory) is None
    assert by_name(np.array(stored)) is None
    assert by_name(stored[:, ::2]) is None
    assert by_name(stored[:3]) is None


def test_a_map_that_can_be_written_is_not(tmp_path: Path) -> None:
    assert by_name(np.memmap(tmp_path / "x", np.int8, "w+", shape=2 * SMALL)) is None
