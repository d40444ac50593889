"""Exchange two names in one step, so that neither is ever missing."""

import ctypes
import errno
import os
from functools import cache
from pathlib import Path
from typing import Any

AT_FDCWD, RENAME_EXCHANGE = -100, 2
UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
"""Errors of an old kernel, and of a file system that cannot exchange names."""


def exchange(first: Path, second: Path) -> bool:
    """Exchange two files or folders of one file system; return False if that is not possible.

    Raises OSError for errors that would also occur in two steps.
    """
    rename = _renameat2()
    if rename is None:
        return False
    names = os.fsencode(first), os.fsencode(second)
    if rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(first), None, str(second))


@cache
def _renameat2() -> Any:
    """Find the C library's function, which Linux has; None elsewhere."""
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
