"""Read the user's text files: unpacked, decoded, line by line."""

import bz2
import contextlib
import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.mistaken import mistaken_for
from curate.terminal.printable import brief

OPENERS: dict[str, Callable[[Path, str], Any]] = {
    ".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open,
}  # fmt: skip
PACKED = (*OPENERS, ".zst")
MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip
"""Byte order marks; Excel writes UTF-16 with one as "Unicode text"."""
HEAD, LONGEST_LINE = 4_096, 64 << 20
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile, pa.ArrowInvalid, OSError)


def ending_of(path: Path) -> str:
    """Give a file's ending in lower case, that of crawl.csv.gz as .csv."""
    packed = path.suffix.lower() in PACKED
    return (Path(path.stem) if packed else path).suffix.lower()


@contextlib.contextmanager
def open_text(source: Path) -> Iterator[TextIO]:
    """Open a text file, packed or not, UTF-8 or what its byte order mark says; ends of lines stay.

    Raises CurateError, with the line, for bytes that are no such text, for a damaged archive, and
    for what is no text at all.
    """
    try:
        with open_bytes(source) as file:
            head = file.read(HEAD)
        _refuse_mistaken(source, head)
        encoding = _encoding(head)
        with open_bytes(source) as file:
            yield TextIOWrapper(file, encoding=encoding, newline="")
    except UnicodeDecodeError as error:
        raise CurateError(_undecodable(source, encoding)) from error
    except DAMAGED as error:
        if source.suffix.lower() not in PACKED:
            raise
        raise CurateError(
            f"{source} cannot be unpacked ({brief(str(error))}); download or pack it again."
        ) from error


@contextlib.contextmanager
def open_bytes(source: Path) -> Iterator[BinaryIO]:
    """Open a file, unpacked where its ending says that it is packed."""
    ending = source.suffix.lower()
    if ending == ".zst":
        with pa.input_stream(str(source), compression="zstd") as stream:
            yield cast(BinaryIO, stream)
        return
    with OPENERS[ending](source, "rb") if ending in OPENERS else source.open("rb") as file:
        yield cast(BinaryIO, file)


def lines_of(file: TextIO, source: Path) -> Iterator[str]:
    """Give the lines with their ends; raises CurateError for a line that is too long."""
    for number, line in enumerate(iter(partial(file.readline, LONGEST_LINE), ""), 1):
        if len(line) == LONGEST_LINE:
            raise CurateError(
                f"{source}, line {number:,} is longer than {LONGEST_LINE >> 20} MB, which no table"
                " of images has; save it as Parquet."
            )
        yield line


def at_line(source: Path, number: int, line: str) -> str:
    """Name a line and show its beginning."""
    return f"{source}, line {number:,} ('{brief(line.rstrip())}')"


def _refuse_mistaken(source: Path, head: bytes) -> None:
    kind = mistaken_for(head)
    if kind is not None:
        raise CurateError(f"{source} is {kind}.")


def _encoding(head: bytes) -> str:
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 8:
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8"


def _undecodable(source: Path, encoding: str) -> str:
    """Return the line of the first byte that is not of the encoding."""
    if not encoding.startswith("utf-8"):
        return f"{source} is not whole {encoding.upper()} text; save it as UTF-8."
    with open_bytes(source) as file:
        lines = enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 1)
        number, line = next(((n, line) for n, line in lines if not _decodes(line)), (0, b""))
    shown = at_line(source, number, line.decode("latin-1"))
    return (
        f"{shown} is not UTF-8; it seems to be in an older encoding, such as Latin-1"
        " (Windows-1252): iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW converts it, or save it as"
        " UTF-8 where it was made."
    )


def _decodes(line: bytes) -> bool:
    try:
        return bool(line.decode())
    except UnicodeDecodeError:
        return False
