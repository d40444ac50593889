"""Files of the Hugging Face Hub, through huggingface_hub's file system; they are read only."""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from curate.errors import CurateError
from curate.store.objects import KEPT, LOG_IN, Object
from curate.store.urls import Place


class Hub:
    """The repositories below hf://FIRST: datasets, spaces, or an owner of models."""

    def __init__(self, place: Place) -> None:
        from huggingface_hub import HfFileSystem

        self._place = place._replace(key="")
        self._files = HfFileSystem()

    def find(self, key: str) -> Object | None:
        """Ask for one file; None where there is none."""
        with self._sentences(key):
            try:
                found = self._files.info(self._path(key), refresh=True)
            except FileNotFoundError:
                return None
            return self._object(found) if found["type"] == "file" else None

    def below(self, key: str, deep: bool = True) -> Iterator[Object]:
        """List the files below a folder, at any depth, or directly in it."""
        with self._sentences(key):
            depth = None if deep else 1
            try:
                found = self._files.find(self._path(key), depth, detail=True, refresh=True)
            except FileNotFoundError:
                return
            assert isinstance(found, dict)
            yield from map(self._object, found.values())

    def read(self, key: str, most: int) -> tuple[Object, bytes | None]:
        """Read a file of at most so many bytes; of a larger one say only what it is."""
        found = self.find(key)
        if found is None:
            url = self._place._replace(key=key).url
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), url)
        return found, self._part(key, 0, found.size) if found.size <= most else None

    def read_range(self, found: Object, start: int, stop: int) -> Iterator[memoryview]:
        """Read bytes [start, stop) of a file."""
        yield memoryview(self._part(found.key, start, stop))

    def _part(self, key: str, start: int, stop: int) -> bytes:
        with self._sentences(key):
            data: bytes = self._files.cat_file(self._path(key), start, stop)
            return data

    def write(self, key: str, data: Path | bytes, only_new: bool = False) -> Object | None:
        """Refuse to."""
        raise self._read_only(key)

    def replace(self, old: Object, data: bytes) -> Object | None:
        """Refuse to."""
        raise self._read_only(old.key)

    def remove(self, keys: Sequence[str]) -> None:
        """Refuse to, if there is anything to remove."""
        for key in keys:
            raise self._read_only(key)

    def _read_only(self, key: str) -> CurateError:
        url = self._place._replace(key=key).url
        return CurateError(
            f"{url} is not written: the Hub is only read; name a place of your own with --out and"
            " --run-dir, and upload that with `hf upload`."
        )

    def _path(self, key: str) -> str:
        return f"{self._place.bucket}/{key}"

    def _object(self, found: dict[str, Any]) -> Object:
        key = found["name"].removeprefix(f"{self._place.bucket}/")
        version = (found.get("lfs") or {}).get("sha256") or found.get("blob_id") or ""
        return Object(key, found["size"], version)

    @contextlib.contextmanager
    def _sentences(self, key: str) -> Iterator[None]:
        """Turn what the Hub's client raises into a sentence."""
        from huggingface_hub import errors

        cannot = f"{self._place._replace(key=key).url} cannot be read"
        try:
            yield
        except (errors.GatedRepoError, errors.RepositoryNotFoundError):
            raise CurateError(
                f"{cannot}: there is no such repository, or not for this user; is its name right?"
                f" Otherwise {LOG_IN['hf']}."
            ) from None
        # Of httpx or httpx2, whichever huggingface_hub is built on.
        except (errors.HTTPError, OSError):  # type: ignore[attr-defined]
            raise CurateError(
                f"{cannot}: the Hub cannot be reached, or refused; look at the network, and run the"
                f" same command again: {KEPT}."
            ) from None
