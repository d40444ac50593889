"""Files and folders that appear whole or not at all, even after kill -9 or a full disk."""

import contextlib
import errno
import glob
import hashlib
import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from polars.exceptions import PolarsError

from curate.errors import CurateError
from curate.store.cached_files import UNFINISHED
from curate.store.disk import is_full
from curate.store.exchange import exchange
from curate.store.kept_objects import RECEIPT, send_work
from curate.store.sent import send, send_folder
from curate.store.urls import is_remote

REPLACED = "-replaced"
EXPORTED = "curate-export.json"
"""Written last into the folder of an export: what it was made of."""


@contextlib.contextmanager
def appearing_file(path: Path, in_folder: bool = False) -> Iterator[Path]:
    """Give a temporary name beside ``path``; on success it becomes ``path``, else it vanishes.

    If ``path`` stands for an object of a store, that appears too; not with ``in_folder``, which is
    for a file in a folder that appears later.
    """
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_unfinished(path)
        unfinished = unfinished_name(path)
        try:
            yield unfinished
            _sync(unfinished)
            if not in_folder:
                send(unfinished, path)
            unfinished.replace(path)
            _sync(path.parent)
        finally:
            unfinished.unlink(missing_ok=True)


@contextlib.contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder; on success it replaces ``path``, else it vanishes.

    Whenever the process is killed, the old folder or the new one exists. Where the system cannot
    exchange the two in one step, the next write first restores the old one.
    """
    unfinished = unfinished_name(path)
    with _disk_errors(path):
        clear_unfinished(path)
        unfinished.mkdir(parents=True)
        try:
            yield unfinished
            for file in unfinished.iterdir():
                _sync(file)
            _sync(unfinished)
            if _is_sent(unfinished, path):
                _put_in_place(unfinished, path)
            _sync(path.parent)
        finally:
            for leftover in path.parent.glob(f"{unfinished.name}*"):
                shutil.rmtree(leftover, ignore_errors=True)


def _is_sent(folder: Path, path: Path) -> bool:
    """Send a folder to its store, if it has one; tell whether to put it in place here."""
    if not is_remote(path):
        return True
    if not (folder / RECEIPT).exists():
        send_folder(folder, path, EXPORTED)
        return False
    if send_work(folder, path):
        return True
    shutil.rmtree(path, ignore_errors=True)  # Another's work was there first, and is read.
    return False


def _put_in_place(unfinished: Path, path: Path) -> None:
    if not path.exists():
        try:
            unfinished.rename(path)
            return
        except OSError as error:  # Another process was quicker with the same folder.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    if not exchange(unfinished, path):
        path.rename(unfinished.with_name(f"{unfinished.name}{REPLACED}"))
        unfinished.rename(path)


def remove_unfinished(folder: Path) -> None:
    """Remove what a killed run left unfinished in ``folder`` and below."""
    for leftover in list(folder.rglob(f"{UNFINISHED}*")):
        _clear(leftover)


def clear_unfinished(path: Path) -> None:
    """Remove unfinished copies of ``path`` left by killed processes; restore what they replaced."""
    for leftover in path.parent.glob(f"{UNFINISHED}{glob.escape(path.name)}-*"):
        if not _is_alive(leftover):
            _clear(leftover)


def _clear(leftover: Path) -> None:
    """Remove an unfinished file or folder; restore the one it was to replace if that is missing."""
    target = leftover.with_name(leftover.name.removeprefix(UNFINISHED).rsplit("-", 3)[0])
    if leftover.name.endswith(REPLACED) and not target.exists():
        leftover.rename(target)
    elif leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    else:
        leftover.unlink(missing_ok=True)


def unfinished_name(path: Path) -> Path:
    """Give a name beside a path that the next write of it removes, once this process is gone."""
    return path.with_name(f"{UNFINISHED}{path.name}-{_host()}.{os.getpid()}-{uuid.uuid4().hex[:8]}")


@cache
def _host() -> str:
    """Tell machines that share a disk apart, by a word without a dash."""
    return hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()


def _is_alive(unfinished: Path) -> bool:
    """Tell whether the process that writes this file still runs, or may still run."""
    host, _, pid = unfinished.name.removesuffix(REPLACED).split("-")[-2].rpartition(".")
    knows = Path("/proc/self").exists() and host in ("", _host())
    return pid.isdecimal() and (Path("/proc", pid).exists() or not knows)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "it is larger than the file system or `ulimit -f` allows",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "this user may not write there",
    errno.ENOTDIR: "a file stands where a folder should be",
    errno.EISDIR: "a folder stands where a file should be",
    errno.ENAMETOOLONG: "the name is too long",
}


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, PolarsError) as error:
        reason = _reason(error)
        if reason is None:
            raise
        raise CurateError(
            f"{path} cannot be written: {reason}; what is finished is kept, so make room there"
            " or name another place with --out and --run-dir, and run the same command again."
        ) from error


def _reason(error: Exception) -> str | None:
    """Say why the disk refused to write; polars gives a message only, no error number."""
    if is_full(error):
        return REASONS[errno.ENOSPC]
    if "File too large" in str(error):
        return REASONS[errno.EFBIG]
    return REASONS.get(getattr(error, "errno", None) or 0)
