"""An exception is told in a sentence that says how to mend it; only what is ours is to report."""

import errno

import numpy as np
import polars as pl
import pytest

from curate.errors import CurateError
from curate.terminal.explain import explain

OURS = "please report"
MENDABLE = {
    "ours": (CurateError("mend it."), "mend it."),
    "missing": (FileNotFoundError(2, "No such file or directory", "/a/b"), "/a/b: no such file"),
    "denied": (PermissionError(13, "Permission denied", "/a/b"), "/a/b: permission denied"),
    "folder": (IsADirectoryError(21, "Is a directory", "/a/b"), "/a/b: is a directory"),
    "full": (OSError(errno.ENOSPC, "No space left on device", "/a/b"), "the disk is full"),
    "full, nameless": (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
    "full, by numpy": (OSError("65536 requested and 1024 written"), "the disk is full"),
    "full, by polars": (pl.exceptions.ComputeError("No space left on device"), "disk is full"),
    "gone, by pyarrow": (FileNotFoundError("Failed to open local file '/a/b'"), "'/a/b'"),
    "memory": (MemoryError(), "fewer --workers"),
    "latin": (UnicodeDecodeError("utf-8", b"caf\xe9", 3, 4, "bad"), "byte 3 is 0xe9"),
    "surrogate": (UnicodeEncodeError("utf-8", "\udce9", 0, 1, "bad"), "take the odd characters"),
}


@pytest.mark.parametrize(("error", "words"), MENDABLE.values(), ids=MENDABLE)
def test_what_can_be_mended_says_how(error: Exception, words: str) -> None:
    sentence, code = explain(error)
    assert code == 2
    assert words in sentence
    assert OURS not in sentence


def test_an_array_that_is_too_large_is_no_failure_of_ours() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(1 << 60, np.uint8)
    assert explain(caught.value)[1] == 2


def test_what_nobody_foresaw_is_ours() -> None:
    sentence, code = explain(ZeroDivisionError("division by zero"))
    assert code == 1
    assert OURS in sentence
    assert explain(BrokenPipeError()) == ("", 1)
    assert explain(KeyboardInterrupt())[1] == 130
