"""Objects of a store as files of the local cache: laid out, and brought when they are read.

`look` lays out what lies at a path: files of the right size and time of change without content
(mode 000). `bring` fetches the content of one (mode 400). What was used longest ago is emptied
again when the cache is full. All of them do nothing for a path of this computer.

A file's time of change is the one that the uploader kept in the object's metadata, as rclone does;
else one made of the object's ETag. So the names of work do not depend on where a crawl lies.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

from filelock import FileLock

from curate.errors import CurateError
from curate.store.cached_files import EMPTY, HELD, appearing, bound, kept, mark
from curate.store.fetching import fetches
from curate.store.hub import Hub
from curate.store.objects import Bucket, Object, Store
from curate.store.urls import (
    Place,
    cache_folder,
    is_remote,
    path_of,
    place_of,
)

SMALL = 8 << 20
"""Bytes of a file that is read into memory, by one request."""
CHUNK = 32 << 20
"""Bytes of a request for a part of a larger one; several are under way at once."""
AT_ONCE = 8
"""Requests of a large file under way at once."""
FILES_AT_ONCE = 32
"""Small files that are brought at once."""
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic")
"""Files of these endings are many: the times that uploaders kept are not asked for."""


@cache
def open_store(scheme: str, bucket: str) -> Store:
    """Open a bucket, once for each process."""
    place = Place(scheme, bucket, "")
    return Hub(place) if scheme == "hf" else Bucket(place)


def look(path: Path) -> Path:
    """Lay out what a store has at a path now, a file or a folder; return the path."""
    place = place_of(path)
    if place is None:
        return path
    store = open_store(place.scheme, place.bucket)
    found = store.find(place.key) if place.key else None
    if found is not None:
        lay(path, found)
    else:
        _lay_folder(path, place, store)
    return path


def look_in(folder: Path) -> None:
    """Lay out the files that a store has directly in a folder, beside what lies there."""
    place = place_of(folder)
    if place is not None:
        store = open_store(place.scheme, place.bucket)
        for each in _timed(list(store.below(place.key, deep=False)), store):
            lay(path_of(place._replace(key=each.key)), each)


def bring(path: Path, keep: bool = False, of: Path | None = None) -> Path:
    """Fetch a file's content unless it is there; return the path.

    ``keep``: this process does not empty it, however full the cache is. ``of`` stands for the
    object that has the content, where that has another name.

    Raises FileNotFoundError where the store has no such object, and CurateError where it is no
    longer what was laid out, or cannot be fetched.
    """
    if not is_remote(path):
        return path
    path = Path(os.path.normpath(path))
    if keep:
        kept.add(path)
    if _is_held(path):
        return path
    with _locked(path):
        if not _is_held(path):
            _fetch(path, of or path)
            bound.add(path.stat().st_size)
    return path


def bring_all(paths: Iterable[Path]) -> None:
    """Fetch files, several at once; one that is not there is left to who reads it."""
    wanted = {path for path in paths if is_remote(path) and not _is_held(path)}
    if len(wanted) == 1:
        _bring_if_there(*wanted)
    elif wanted:
        with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
            list(pool.map(_bring_if_there, wanted))


def is_any_in(folder: Path) -> bool:
    """Tell whether a store has objects in a folder."""
    place = place_of(folder)
    if place is None:
        return False
    return any(True for _ in open_store(place.scheme, place.bucket).below(place.key))


def clear(folder: Path) -> None:
    """Remove a folder, here and in its store."""
    place = place_of(folder)
    if place is not None:
        store = open_store(place.scheme, place.bucket)
        store.remove([each.key for each in store.below(place.key)])
    shutil.rmtree(folder, ignore_errors=True)


def _bring_if_there(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        bring(path)


def _is_held(path: Path) -> bool:
    """Tell whether a file has its content; if so, note that it is used."""
    try:
        info = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not stat.S_ISREG(info.st_mode) or not info.st_mode & HELD:
        return False
    with contextlib.suppress(FileNotFoundError):
        os.utime(path, ns=(time.time_ns(), info.st_mtime_ns))
    return True


def lay(path: Path, found: Object) -> bool:
    """Make a file of the object's size and time of change; False if it was there."""
    mtime = _mtime(found)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            shutil.rmtree(path)
        elif (info.st_size, info.st_mtime_ns) == (found.size, mtime):
            return False
    with appearing(path) as unfinished:
        unfinished.touch()
        os.truncate(unfinished, found.size)
        mark(unfinished, EMPTY, mtime)
    return True


def held_as(file: Path, sent: Object) -> None:
    """Mark a file of this computer as what the cache would bring."""
    mark(file, HELD, _mtime(sent))


def _lay_folder(path: Path, place: Place, store: Store) -> None:
    listed = _timed(list(store.below(place.key)), store)
    found = {path_of(place._replace(key=each.key)): each for each in listed}
    if path.is_file():
        path.unlink()
    for old in _of_the_store(path):
        if old not in found:
            old.unlink(missing_ok=True)
    _prune(path)
    for file, each in found.items():
        lay(file, each)


def _of_the_store(folder: Path) -> Iterator[Path]:
    """Give the files below a folder that stand for objects."""
    for place, _, names in os.walk(folder):
        for file in map(Path(place).joinpath, names):
            if stat.S_IMODE(file.stat().st_mode) in (EMPTY, HELD):
                yield file


def _prune(folder: Path) -> None:
    """Remove folders without files: a store has none."""
    for place, _, _ in os.walk(folder, topdown=False):
        with contextlib.suppress(OSError):
            Path(place).rmdir()


def _timed(found: Sequence[Object], store: Store) -> Iterator[Object]:
    """Ask for the times that uploaders kept; not for those of pictures, which are many."""
    timed = [each.key for each in found if not _is_picture(each.key)]
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        asked = dict(zip(timed, pool.map(store.find, timed), strict=True))
    for each in found:
        yield asked.get(each.key) or each


def _is_picture(key: str) -> bool:
    return key.lower().endswith(PICTURES)


def _mtime(found: Object) -> int:
    """Give the time of change of a file; one made of the ETag is whole seconds before 2001."""
    if found.mtime_ns is not None and not _is_picture(found.key):
        return found.mtime_ns
    digest = hashlib.blake2b(found.version.encode(), digest_size=8).digest()
    return int.from_bytes(digest) % 10**9 * 10**9


def _fetch(path: Path, of: Path) -> None:
    """Fetch an object, in several requests at once if it is large."""
    place = place_of(of)
    assert place is not None
    store = open_store(place.scheme, place.bucket)
    laid = path.stat() if path.exists() else None
    if laid is not None and laid.st_size > SMALL:
        found, data = store.find(place.key), None
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.url)
    else:
        found, data = store.read(place.key, SMALL)
    if laid is not None and laid.st_mtime_ns != _mtime(found):
        raise CurateError(f"{place.url} changed while curate read it; run the same command again.")
    with appearing(path) as unfinished:
        if data is None:
            _fetch_parts(unfinished, found, store)
        else:
            unfinished.write_bytes(data)
        mark(unfinished, HELD, _mtime(found))


def _fetch_parts(path: Path, found: Object, store: Store) -> None:
    def part(start: int) -> None:
        for data in store.read_range(found, start, min(start + CHUNK, found.size)):
            told(len(data))
            while data:
                done = os.pwrite(file.fileno(), data, start)
                start, data = start + done, data[done:]

    with (
        fetches.shown(found.key.rpartition("/")[2], found.size) as told,
        path.open("wb") as file,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        any(pool.map(part, range(0, found.size, CHUNK)))


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one thread of one process fetch a file."""
    folder = cache_folder() / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.blake2b(os.fsencode(path), digest_size=1).hexdigest()
    with FileLock(folder / f"{name}.lock", is_singleton=False):
        yield
