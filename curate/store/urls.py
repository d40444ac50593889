"""URLs of objects, and the path in the local cache that stands for each.

s3://bucket/key is CACHE/objects/s3/bucket/key, so that names, parents and endings are those of a
path everywhere. Nothing here asks a store; see `curate.store.mirror`.
"""

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from curate.errors import CurateError

SCHEMES = ("s3", "gs", "az", "hf")
OTHERS = ("s3a", "s3n", "gcs", "azure", "abfs", "abfss", "adl", "wasb", "wasbs", "http", "https",
          "ftp", "sftp", "hdfs", "file", "memory", "data")  # fmt: skip
"""Schemes that people write and curate does not read; any other word may be a folder's name."""
CACHE, SIZE = "CURATE_CACHE_DIR", "CURATE_CACHE_SIZE"
"""Variables of the environment: where the cache lies, and how many GB it may hold."""
OBJECTS = "objects"
_URL = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):(/+)(.*)", re.DOTALL)
_SIGNED = re.compile(r"\?([^/]*&)?(X-Amz-|X-Goog-|sig=|Signature=|AWSAccessKeyId=|token=)", re.I)
_LONGEST_NAME = 255


class Place(NamedTuple):
    """An object, or a folder of objects."""

    scheme: str
    bucket: str
    key: str
    """'' for the whole bucket."""

    @property
    def url(self) -> str:
        """Write it as a person does."""
        return f"{self.scheme}://{self.bucket}" + (f"/{self.key}" if self.key else "")


def as_path(value: str | Path) -> Path:
    """Give the path that stands for a URL; a path stays as it is.

    A Path of a URL, in which two slashes are one, is read too. Raises CurateError for a scheme that
    curate does not know, for credentials in a URL, and for keys that cannot be file names.
    """
    found = _URL.fullmatch(str(value))
    if found is None and str(value)[:-1] in SCHEMES and str(value)[-1] == ":":
        _place(str(value)[:-1], "")  # a Path of s3:// is s3:
    if found is None:
        return Path(value)
    scheme, slashes, rest = found[1].lower(), found[2], found[3]
    if scheme not in SCHEMES:
        if scheme not in OTHERS and len(slashes) < 2:
            return Path(value)
        raise CurateError(
            f"{scheme}://… is not read: curate takes paths, s3://BUCKET/KEY, gs://BUCKET/KEY,"
            " az://CONTAINER/KEY and hf://datasets/OWNER/NAME/FILE."
        )
    return path_of(_place(scheme, rest if len(slashes) < 3 else ""))


def _place(scheme: str, rest: str) -> Place:
    bucket, _, key = rest.partition("/")
    if "@" in bucket or _SIGNED.search(key):
        raise CurateError(
            f"a {scheme}:// URL holds credentials (a password, or a signature after '?'); leave"
            " them out, and put them where other programs look for them (see docs/stores.md)."
        )
    if not bucket:
        raise CurateError(f"{scheme}:// names no bucket; write {scheme}://BUCKET/KEY.")
    return Place(scheme, bucket, key.rstrip("/"))


def path_of(place: Place) -> Path:
    """Give the path in the cache; raises CurateError for a key that cannot be a file's name."""
    parts = [part for part in place.key.split("/") if place.key]
    for part in (place.bucket, *parts):
        if part in ("", ".", "..") or "\0" in part or len(os.fsencode(part)) > _LONGEST_NAME:
            raise CurateError(
                f"{place.url}: '{part[:80]}' between its slashes cannot be a file's name on this"
                " computer; name that object in another way."
            )
    return objects_folder().joinpath(place.scheme, place.bucket, *parts)


def place_of(path: Path) -> Place | None:
    """Give what a path of the cache stands for; None for any other path."""
    text, home = str(path), f"{objects_folder()}{os.sep}"
    if not text.startswith(home):
        return None
    scheme, bucket, key = [*os.path.normpath(text)[len(home) :].split(os.sep, 2), "", ""][:3]
    return Place(scheme, bucket, key.replace(os.sep, "/")) if bucket else None


def named_as_given(path: Path) -> Path | str:
    """Give the URL that a path of the cache stands for; any other path as it is."""
    place = place_of(path)
    return path if place is None else place.url


def is_remote(path: Path) -> bool:
    """Tell whether a path stands for an object or a folder of them."""
    return str(path).startswith(f"{objects_folder()}{os.sep}")


def are_together(first: Path, second: Path) -> bool:
    """Tell whether both lie on this computer, or both in stores that can name each other."""
    one, other = place_of(first.absolute()), place_of(second.absolute())
    if one is None or other is None:
        return one is other
    return one.scheme == other.scheme


def path_from(home: Path, path: Path) -> str:
    """Write the way from a folder to a path: a relative path, or what it is where no way leads."""
    place = place_of(path)
    if are_together(home, path):
        return os.path.relpath(path.absolute(), home)
    return str(path.absolute()) if place is None else place.url


def path_at(home: Path, way: str) -> Path:
    """Read what `path_from` wrote."""
    path = as_path(way)
    return path if is_remote(path) else Path(os.path.normpath(home / path))


def shown_urls(text: str) -> str:
    """Write URLs again where a text has paths of the cache."""
    home = f"{objects_folder()}{os.sep}"
    return (
        re.sub(f"{re.escape(home)}({'|'.join(SCHEMES)})/", r"\1://", text)
        if home in text
        else (text)
    )


def cache_folder() -> Path:
    """Say where the cache lies, without links."""
    return _real(os.environ.get(CACHE, ""), os.environ.get("XDG_CACHE_HOME", ""))


def objects_folder() -> Path:
    """Say where in the cache paths stand for objects."""
    return _objects(cache_folder())


@lru_cache(maxsize=8)
def _real(named: str, home: str) -> Path:
    folder = named or os.path.join(home or os.path.join(Path.home(), ".cache"), "curate")  # noqa: PTH118
    return Path(os.path.realpath(folder))


@lru_cache(maxsize=8)
def _objects(cache: Path) -> Path:
    return cache / OBJECTS
