"""Files and folders that an option names within a longer text, as in onnx:MODEL or matrix:FILE."""

from pathlib import Path

from curate.store.mirror import bring, bring_all, look
from curate.store.urls import as_path, is_remote


def named_file(text: str) -> Path:
    """Give the file that a path (~ is the home folder) or a URL names; there may be none.

    An object of a store is fetched.
    """
    path = as_path(text)
    if not is_remote(path):
        return path.expanduser()
    return bring(path, keep=True) if look(path).is_file() else path


def named_folder(text: str) -> Path:
    """Give the folder that a path or a URL names, with all that is in it; there may be none."""
    path = as_path(text)
    if not is_remote(path):
        return path.expanduser()
    bring_all(look(path).rglob("*"))
    return path
