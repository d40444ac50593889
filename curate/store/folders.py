"""Finished folders: arrays and tables with a receipt that says what they are."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.store.arrays import write_array, write_square
from curate.store.atomic import RECEIPT, appearing_folder
from curate.store.fingerprint import fingerprint, sha256_of

Content = NDArray[Any] | pl.DataFrame | dict[str, object] | Callable[[Path], None]
DIGEST = "digest"


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

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as a place; another process has one object for it, which knows what is verified.

        So files are hashed once in a run, not once in each process that reads them.
        """
        return _reopened, (self.root, self.checked, tuple(self._verified))

    def trust(self, name: str) -> None:
        """Take the files of a folder for verified, which another process of this run has made."""
        self._verified.add(name)

    def __contains__(self, name: str) -> bool:
        return (self.root / name / RECEIPT).is_file()

    def write(self, name: str, contents: Mapping[str, Content], **facts: object) -> None:
        """Make folder ``name`` appear with these contents and a receipt that states ``facts``."""
        with appearing_folder(self.root / name) as folder:
            for stem, content in contents.items():
                _save(folder, stem, content)
            files = sorted(folder.iterdir()) if self.checked else []
            hashes = {file.name: sha256_of(file) for file in files}
            (folder / RECEIPT).write_text(_sealed({**facts, "sha256": hashes}))
        self._verified.add(name)

    def receipt(self, name: str) -> dict[str, Any]:
        """Read the facts and hashes that were stated when the folder was finished.

        Raises CurateError where the receipt is not as it was written.
        """
        path = self.root / name / RECEIPT
        receipt = _unsealed(path.read_bytes())
        if receipt is None:
            raise CurateError(
                f"{path} is damaged, or an older curate wrote it; delete the folder {path.parent}"
                " and run the same command again."
            )
        return receipt

    def array(self, name: str, stem: str) -> NDArray[Any]:
        """Map an array of the folder read-only."""
        self._verify(name)
        path = str(self.root / name / f"{stem}.npy")  # given a Path, NumPy resolves its links
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return array

    def table(self, name: str, stem: str) -> pl.DataFrame:
        """Read a table of the folder."""
        self._verify(name)
        return pl.read_parquet(self.root / name / f"{stem}.parquet", glob=False)

    def settings(self, name: str, stem: str) -> dict[str, object]:
        """Read a JSON object of the folder."""
        self._verify(name)
        settings: dict[str, object] = json.loads((self.root / name / f"{stem}.json").read_text())
        return settings

    def file(self, name: str, file: str) -> Path:
        """Give the path of a file that a function has written."""
        self._verify(name)
        return self.root / name / file

    def remove_all(self) -> None:
        """Remove all folders of the step, whatever they were made from."""
        shutil.rmtree(self.root, ignore_errors=True)

    def remove_others(self, name: str) -> None:
        """Remove all folders but ``name``: the work that led to it is no longer needed."""
        for folder in self.root.iterdir():
            if folder.name != name:
                shutil.rmtree(folder)

    def _verify(self, name: str) -> None:
        """Check, once per process, that the files have the hashes of the receipt."""
        if name in self._verified or not self.checked:
            return
        folder = self.root / name
        for file, expected in self.receipt(name)["sha256"].items():
            if not (folder / file).is_file() or sha256_of(folder / file) != expected:
                raise CurateError(
                    f"{folder / file} is not what was written there (its hash differs from the"
                    f" receipt); delete the folder {folder} and run the same command again."
                )
        self._verified.add(name)


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
