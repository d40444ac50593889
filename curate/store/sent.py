"""What is sent to a store: files and folders, whole or not at all."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile

from curate.errors import CurateError
from curate.store.mirror import AT_ONCE, held_as, open_store
from curate.store.urls import place_of

PROBE = ".curate-was-here"
"""Ends the name of the small object that shows whether one may write."""


def send(file: Path, path: Path) -> None:
    """Write a local file to the object that ``path`` stands for, whole or not at all.

    The file takes the time of change that a later `look` gives the path.
    """
    place = place_of(path)
    if place is None:
        return
    store = open_store(place.scheme, place.bucket)
    sent = store.write(place.key, file)
    assert sent is not None
    held_as(file, sent)


def send_folder(folder: Path, path: Path, last: str) -> None:
    """Write a local folder to the objects below ``path``, in place of those that are there.

    The file of the name ``last`` says that the folder is whole: it vanishes first and comes last.
    """
    place = place_of(path)
    if place is None:
        return
    store = open_store(place.scheme, place.bucket)
    files = {
        f"{place.key}/{file.relative_to(folder).as_posix()}": file
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
    end = f"{place.key}/{last}"
    old = {each.key for each in store.below(place.key)}
    store.remove([end] if end in old else [])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        any(pool.map(lambda key: not store.write(key, files[key]), files.keys() - {end}))
    if end in files:
        store.write(end, files[end])
    store.remove(sorted(old - files.keys()))
    shutil.rmtree(path, ignore_errors=True)


def require_writable(path: Path) -> None:
    """Raise CurateError where a file or an object cannot be written.

    Of an object a small one is written beside it, of a file one into its folder, and removed.
    """
    place = place_of(path)
    if place is not None:
        store, key = open_store(place.scheme, place.bucket), f"{place.key}{PROBE}"
        store.write(key, b"")
        store.remove([key])
        return
    home = next(folder for folder in path.absolute().parents if folder.exists())
    if not home.is_dir():
        raise CurateError(f"{path} cannot be written: {home} is a file; name another place.")
    try:
        with TemporaryFile(dir=home):
            return
    except PermissionError as error:
        said = f"you may not write into {home}"
        raise CurateError(f"{path} cannot be written: {said}; name another place.") from error
    except OSError as error:
        said = f"no file can be made in {home} ({error.strerror})"
        raise CurateError(f"{path} cannot be written: {said}; name another place.") from error


def remove_file(path: Path) -> None:
    """Remove a file, and the object that it stands for."""
    place = place_of(path)
    if place is not None:
        open_store(place.scheme, place.bucket).remove([place.key])
    path.unlink(missing_ok=True)
