"""Recognise the errors of a full disk."""

import errno


def is_full(error: BaseException) -> bool:
    """Tell whether a disk was full; NumPy and polars say so only in the message."""
    text = str(error)
    return (
        getattr(error, "errno", None) == errno.ENOSPC
        or "No space left" in text
        or (" requested and " in text and "written" in text)
    )
