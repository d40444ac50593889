"""The one module that knows obstore: objects of S3, Google Cloud Storage and Azure.

Retries with backoff are obstore's. Errors become sentences, and never repeat what a store or its
client said word for word, for that may hold a signature.
"""

import contextlib
import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from curate.errors import CurateError
from curate.store.urls import Place

RETRIES: dict[str, Any] = {
    "max_retries": 10,
    "retry_timeout": timedelta(minutes=3),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=15),
        "base": 2,
    },
}
TIMEOUTS = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "10min"}
PART = 16 << 20
"""Bytes of a part of an upload."""
PIECE = 1 << 20
"""Bytes that are written to the cache at once, at least."""
MTIME = "mtime"
"""Metadata of an object in which rclone and others keep a file's time of change, in seconds."""
KEPT = "finished work is kept"
INSTALL = "pip install 'curate-labels[cloud]'"


class Object(NamedTuple):
    """What a store says of an object."""

    key: str
    size: int
    version: str
    """Its ETag: changes with the content."""
    mtime_ns: int | None = None
    """The time of change of the file that was uploaded; None where nobody kept it."""
    modified: float = 0.0
    """When it was written, in seconds."""


class Store(Protocol):
    """A bucket."""

    def find(self, key: str) -> Object | None:
        """Ask for one object; None where there is none."""
        ...

    def below(self, key: str, deep: bool = True) -> Iterator[Object]:
        """List the objects below a folder, at any depth, or directly in it."""
        ...

    def read(self, key: str, most: int) -> tuple[Object, bytes | None]:
        """Read an object of at most so many bytes; of a larger one say only what it is."""
        ...

    def read_range(self, found: Object, start: int, stop: int) -> Iterator[memoryview]:
        """Read bytes [start, stop) of that version, piece by piece."""
        ...

    def write(self, key: str, data: Path | bytes, only_new: bool = False) -> Object | None:
        """Write an object, whole or not at all; None if it is there and ``only_new``."""
        ...

    def replace(self, old: Object, data: bytes) -> Object | None:
        """Write an object in place of this version; None if there is another."""
        ...

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        ...


class Bucket:
    """A bucket of a store that obstore knows."""

    def __init__(self, place: Place) -> None:
        self._place = place._replace(key="")
        with _sentences(self._place, "opened"):
            self._store = _client(place.scheme, place.bucket)

    def find(self, key: str) -> Object | None:
        """Ask for one object; None where there is none."""
        import obstore

        with _sentences(self._at(key), "read"):
            try:
                found = obstore.get(self._store, key, options={"head": True})
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None
            return _object(found.meta, found.attributes)

    def below(self, key: str, deep: bool = True) -> Iterator[Object]:
        """List the objects below a folder, at any depth, or directly in it."""
        import obstore

        folder = f"{key}/" if key else None
        with _sentences(self._at(key), "listed"):
            if not deep:
                yield from map(_object, obstore.list_with_delimiter(self._store, folder)["objects"])
                return
            for some in obstore.list(self._store, folder, chunk_size=1_000):
                yield from map(_object, some)

    def read(self, key: str, most: int) -> tuple[Object, bytes | None]:
        """Read an object of at most so many bytes; of a larger one say only what it is."""
        import obstore

        with _sentences(self._at(key), "read"):
            got = obstore.get(self._store, key)
            found = _object(got.meta, got.attributes)
            return found, got.bytes().to_bytes() if found.size <= most else None

    def read_range(self, found: Object, start: int, stop: int) -> Iterator[memoryview]:
        """Read bytes [start, stop) of that version, piece by piece."""
        import obstore

        with _sentences(self._at(found.key), "read"):
            options: Any = {"range": (start, stop), "if_match": found.version}
            got = obstore.get(self._store, found.key, options=options)
            yield from (memoryview(piece) for piece in got.stream(min_chunk_size=PIECE))

    def write(self, key: str, data: Path | bytes, only_new: bool = False) -> Object | None:
        """Write an object, whole or not at all; None if it is there and ``only_new``."""
        return self._put(key, data, "create" if only_new else "overwrite")

    def replace(self, old: Object, data: bytes) -> Object | None:
        """Write an object in place of this version; None if there is another."""
        return self._put(old.key, data, {"e_tag": old.version})

    def _put(self, key: str, data: Path | bytes, mode: Any) -> Object | None:
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        size = data.stat().st_size if isinstance(data, Path) else len(data)
        with _sentences(self._at(key), "written"):
            try:
                put = obstore.put(self._store, key, data, mode=mode, chunk_size=PART)
            except (AlreadyExistsError, PreconditionError):
                return None
        return Object(key, size, put["e_tag"] or "")

    def remove(self, keys: Sequence[str]) -> None:
        """Remove objects."""
        import obstore

        with _sentences(self._place, "cleared"):
            obstore.delete(self._store, keys)

    def _at(self, key: str) -> Place:
        return self._place._replace(key=key)


def _object(meta: Any, attributes: Mapping[str, str] | None = None) -> Object:
    seconds = (attributes or {}).get(MTIME, "")
    mtime_ns = int(Decimal(seconds) * 10**9) if _SECONDS.fullmatch(seconds) else None
    when = meta["last_modified"]
    version = meta["e_tag"] or str(when)
    return Object(meta["path"], meta["size"], version, mtime_ns, when.timestamp())


def _client(scheme: str, bucket: str) -> Any:
    """Open a bucket with the credentials of the environment, of ~/.aws or of the machine."""
    from obstore import store

    options: dict[str, Any] = {"client_options": dict(TIMEOUTS), "retry_config": RETRIES}
    if scheme == "gs":
        return store.GCSStore(bucket, **options)
    if scheme == "az":
        return store.AzureStore(bucket, **options)
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        options["config"] = {"endpoint": endpoint}
        options["client_options"]["allow_http"] = endpoint.startswith("http://")
    if not any(os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE")):
        options["credential_provider"] = _from_boto3()
    return store.S3Store(bucket, **options)


def _from_boto3() -> Any:
    """Find credentials as the AWS tools do: ~/.aws, single sign-on, container, instance."""
    from botocore.exceptions import BotoCoreError
    from obstore.auth.boto3 import Boto3CredentialProvider

    try:
        return Boto3CredentialProvider()
    except (ValueError, BotoCoreError):
        raise CurateError(f"no credentials for S3 were found; {LOG_IN['s3']}.") from None


LOG_IN = {
    "s3": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure` (AWS_PROFILE"
    " names a profile; AWS_SKIP_SIGNATURE=true reads a public bucket)",
    "gs": "run `gcloud auth application-default login`, or let GOOGLE_APPLICATION_CREDENTIALS name"
    " a key file",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY",
    "hf": "run `hf auth login`, or set HF_TOKEN",
}
_SECONDS = re.compile(r"\d{1,11}(\.\d+)?")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_THROTTLED = {"SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "ServerBusy",
              "RequestLimitExceeded", "503", "429"}  # fmt: skip
_NO_BUCKET = {"NoSuchBucket", "ContainerNotFound"}
_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
         "AuthenticationFailed", "401"}  # fmt: skip


@contextlib.contextmanager
def _sentences(place: Place, done: str) -> Iterator[None]:
    """Turn what obstore raises into a sentence; ``done``: what cannot be done there."""
    try:
        import obstore.exceptions
    except ImportError:
        raise CurateError(
            f"{place.url} cannot be {done} without obstore; install it with: {INSTALL}"
        ) from None
    try:
        yield
    except (obstore.exceptions.BaseError, OSError, ValueError) as error:
        raise _sentence(place, done, error) from None


def _sentence(place: Place, done: str, error: Exception) -> Exception:
    text, kind = str(error), type(error).__name__
    codes = {*_CODE.findall(text), *_STATUS.findall(text), kind}
    cannot = f"{place.url} cannot be {done}"
    if codes & _NO_BUCKET:
        return CurateError(f"{cannot}: there is no bucket '{place.bucket}'; is its name right?")
    if isinstance(error, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), place.url)
    if codes & _KEYS or kind == "UnauthenticatedError":
        return CurateError(
            f"{cannot}: the credentials are wrong or too old; {LOG_IN[place.scheme]}."
        )
    if kind == "PermissionDeniedError" or "403" in codes:
        elsewhere = " (--out, --run-dir)" if done == "written" else ""
        return CurateError(
            f"{cannot}: these credentials have no right to it; ask for the right, name another"
            f" place{elsewhere}, or log in as someone else: {LOG_IN[place.scheme]}."
        )
    if kind == "NotSupportedError" or "501" in codes:
        return CurateError(
            f"{cannot}: the store cannot write an object only if there is none (conditional PUT),"
            " and so cannot keep work apart from that of others; name files of this computer"
            " (--out, --run-dir)."
        )
    if "NotPartial" in text:
        return CurateError(
            f"{cannot}: the store does not give parts of an object (range requests); copy the"
            " files to this computer, or serve them with another program."
        )
    if kind == "PreconditionError":
        return CurateError(f"{place.url} changed while curate read it; run the same command again.")
    if codes & _THROTTLED:
        return CurateError(
            f"{cannot}: the store is busy and refused every attempt; run the same command again"
            f" later, or with fewer machines at once: {KEPT}."
        )
    said = f" (it answered {sorted(_STATUS.findall(text))[0]})" if _STATUS.search(text) else ""
    return CurateError(
        f"{cannot}: the store cannot be reached, or the connection was cut at every attempt{said};"
        f" look at the network and at the endpoint's URL, and run the same command again: {KEPT}."
    )
