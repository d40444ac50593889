"""Finished folders: arrays and tables with a receipt that says what they are."""

import errno
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.store.arrays import write_array, write_square
from curate.store.atomic import appearing_folder
from curate.store.fingerprint import fingerprint, sha256_of
from curate.store.kept_objects import RECEIPT, bring_work, see_receipts
from curate.store.mirror import bring, clear
from curate.store.urls import is_remote

Content = NDArray[Any] | pl.DataFrame | dict[str, object] | Callable[[Path], None]
DIGEST = "digest"
SEEN_SECONDS = 2.0
"""For so long what a store has finished is not asked again."""


class Folders:
    """One step's finished folders, by name; a folder with no receipt does not exist.

    Arrays are ``NAME.npy`` (never pickled), tables ``NAME.parquet``, settings ``NAME.json``; a
    function writes the file of its name itself. Without ``checked``, files are neither hashed nor
    compared with the receipt's hashes: for reading a few rows without reading whole files, and for
    folders that are removed when the run ends.
    """

    def __init__(self, root: Path, checked: bool = True) -> None:
        self.root = root
        self.checked = checked
        self._verified: set[str] = set()
        self._seen = float("-inf")

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a place; another process has one object for it, which knows what is verified.

        So files are hashed once in a run, not once in each process that reads them.
        """
        return _reopened, (self.root, self.checked, tuple(self._verified))

    def trust(self, name: str) -> None:
        """Take the files of a folder for verified, which another process of this run has made."""
        self._verified.add(name)

    def __contains__(self, name: str) -> bool:
        self._see()
        return (self.root / name / RECEIPT).is_file()

    def write(self, name: str, contents: Mapping[str, Content], **facts: object) -> None:
        """Make folder ``name`` appear with these contents and a receipt that states ``facts``."""
        with appearing_folder(self.root / name) as folder:
            for stem, content in contents.items():
                _save(folder, stem, content)
            hashed = self.checked or is_remote(self.root)
            files = sorted(folder.iterdir()) if hashed else []
            hashes = {file.name: sha256_of(file) for file in files}
            (folder / RECEIPT).write_text(_sealed({**facts, "sha256": hashes}))
        self._verified.add(name)

    def receipt(self, name: str) -> dict[str, Any]:
        """Read the facts and hashes that were stated when the folder was finished.

        Raises CurateError where the receipt is not as it was written.
        """
        path = self.root / name / RECEIPT
        receipt = _unsealed(bring(path).read_bytes())
        if receipt is None:
            raise CurateError(
                f"{path} is damaged, or an older curate wrote it; delete the folder {path.parent}"
                " and run the same command again."
            )
        return receipt

    def array(self, name: str, stem: str) -> NDArray[Any]:
        """Map an array of the folder read-only."""
        path = str(self.file(name, f"{stem}.npy"))  # given a Path, NumPy resolves its links
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    def table(self, name: str, stem: str) -> pl.DataFrame:
        """Read a table of the folder."""
        return pl.read_parquet(self.file(name, f"{stem}.parquet"), glob=False)

    def settings(self, name: str, stem: str) -> dict[str, object]:
        """Read a JSON object of the folder."""
        settings: dict[str, object] = json.loads(self.file(name, f"{stem}.json").read_text())
        return settings

    def file(self, name: str, file: str) -> Path:
        """Give the path of a file of the folder, fetched from its store if it is in one."""
        path = self.root / name / file
        if not is_remote(path):
            self._verify(name)
            return path
        sha256 = self.receipt(name)["sha256"].get(file)
        if sha256 is not None:
            self._require(bring_work(path, sha256), sha256)
        return path

    def require_file(self, name: str, file: str) -> None:
        """Raise FileNotFoundError where a folder has no such file; nothing is fetched."""
        path = self.root / name / file
        if not is_remote(path):
            path.stat()
        elif file not in self.receipt(name)["sha256"]:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))

    def remove_all(self) -> None:
        """Remove all folders of the step, whatever they were made from."""
        clear(self.root)

    def remove_others(self, name: str) -> None:
        """Remove all folders but ``name``: the work that led to it is no longer needed."""
        self._see()
        for folder in self.root.iterdir():
            if folder.name != name:
                clear(folder)

    def _see(self) -> None:
        """Ask a store for its receipts, unless that was just done."""
        if is_remote(self.root) and time.monotonic() - self._seen > SEEN_SECONDS:
            see_receipts(self.root)
            self._seen = time.monotonic()

    def _verify(self, name: str) -> None:
        """Check, once per process, that the files have the hashes of the receipt."""
        if name in self._verified or not self.checked:
            return
        for file, expected in self.receipt(name)["sha256"].items():
            self._require(self.root / name / file, expected)
        self._verified.add(name)

    def _require(self, path: Path, sha256: str) -> None:
        """Check, once per process, that a file has this hash."""
        known = f"{path.parent.name}/{path.name}"
        if not self.checked or {known, path.parent.name} & self._verified:
            return
        if not path.is_file() or sha256_of(path) != sha256:
            raise CurateError(
                f"{path} is not what was written there (its hash differs from the receipt); delete"
                f" the folder {path.parent} and run the same command again."
            )
        self._verified.add(known)


_opened: dict[tuple[Path, bool], Folders] = {}
"""Those that came from another process."""


def _reopened(root: Path, checked: bool, verified: Iterable[str]) -> Folders:
    folders = _opened.setdefault((root, checked), Folders(root, checked))
    for name in verified:
        folders.trust(name)
    return folders


def write_rows(path: Path, blocks: Iterable[NDArray[Any]]) -> None:
    """Write a square matrix, given in blocks of rows, as the array of that name."""
    write_square(path.with_name(f"{path.name}.npy"), blocks)


def _sealed(receipt: dict[str, Any]) -> str:
    """Write a receipt as JSON that contains a digest of all its other content."""
    stated = json.loads(json.dumps(receipt, default=str))
    return json.dumps({**stated, DIGEST: fingerprint(receipt=stated)}, indent=1)


def _unsealed(text: bytes) -> dict[str, Any] | None:
    """Read a receipt; None where it is not as it was written."""
    try:
        receipt = json.loads(text)
        digest = receipt.pop(DIGEST)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    return receipt if digest == fingerprint(receipt=receipt) else None


def _save(folder: Path, stem: str, content: Content) -> None:
    if isinstance(content, np.ndarray):
        with (folder / f"{stem}.npy").open("wb") as file:
            write_array(file, content)
    elif isinstance(content, pl.DataFrame):
        content.write_parquet(folder / f"{stem}.parquet")
    elif callable(content):
        content(folder / stem)
    else:
        (folder / f"{stem}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False))
