"""Keep pictures inside one folder, whatever links and paths say."""

import os
from collections.abc import Sequence
from pathlib import Path

from curate.errors import CurateError


def is_below(path: str, root: str) -> bool:
    """Tell whether a path, without links in it, is the root or lies in it."""
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def home_below(folder: Path, root: Path | None) -> str:
    """Give a folder's own path from the root on, with slashes; empty for the root, or without one.

    Raises CurateError where it lies elsewhere.
    """
    if root is None:
        return ""
    real, real_root = os.path.realpath(folder), os.path.realpath(root)
    if not is_below(real, real_root):
        raise CurateError(
            f"--root {root} does not hold {folder}, whose pictures are to be read; give a folder"
            " that holds it, or leave --root out."
        )
    return "" if real == real_root else Path(os.path.relpath(real, real_root)).as_posix()


def require_below(files: Sequence[Path], root: Path) -> None:
    """Raise CurateError for links that lead out of the root."""
    real_root = os.path.realpath(root)
    outside = [file for file in files if not is_below(os.path.realpath(file), real_root)]
    if outside:
        raise links_refusal(outside, root)


def links_refusal(links: Sequence[Path], root: Path) -> CurateError:
    """Say that links lead out of the root, and what to do."""
    return CurateError(
        f"{links[0]} is a link out of {root} ({len(links):,} in all); name a folder that holds what"
        " they lead to with --root, or put copies in their place."
    )
