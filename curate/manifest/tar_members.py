"""List the members of a tar, header by header; nothing is unpacked and little is read.

Of Python's tarfile only the parser of one header is used. tarfile reads an extended header of any
length whole, keeps every member in memory, and takes any block of zeros for the end.
"""

import tarfile
from collections.abc import Iterator
from enum import Enum
from typing import BinaryIO, NamedTuple

BLOCK = 512
END_BLOCKS = 2
"""Blocks of zeros at the end of a tar; a tar that was cut off lacks them."""
LONGEST_TAIL = 64 << 20
"""Zeros in bytes; writers fill up to some kilobytes."""
LONGEST_HEADER = 1 << 20
"""Bytes of a long name or of pax records."""
MAX_MEMBERS = 20_000_000
_LONG = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_PAX = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_NO_DATA = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE,
            tarfile.FIFOTYPE)  # fmt: skip


class DamagedTar(Exception):  # noqa: N818 - what is true of the file, not a fault of ours
    """Why a tar cannot be read, in a few words."""


class Kind(Enum):
    """What a member is."""

    FILE = "file"
    FOLDER = "folder"
    SPARSE = "sparse"
    """A file with holes, which are not in the tar."""
    OTHER = "other"
    """A link, a device, a pipe."""


class Member(NamedTuple):
    """A member and where its bytes lie."""

    name: str
    """Bytes that are not UTF-8 are escaped."""
    offset: int
    size: int
    kind: Kind


def read_members(file: BinaryIO, length: int) -> Iterator[Member]:
    """Give the members of a tar of ``length`` bytes, and of tars that were joined to it.

    Raises `DamagedTar` for what is not a tar, is damaged, or is cut off: it must end with two
    blocks of zeros.
    """
    reader = _Reader(file, length)
    count = 0
    while (member := reader.next()) is not None:
        count += 1
        if count > MAX_MEMBERS:
            raise DamagedTar(f"it has more than {MAX_MEMBERS:,} members")
        yield member


class _Reader:
    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._length = length
        self._at = 0

    def next(self) -> Member | None:
        """Read up to the next member; None at the end."""
        long_name: bytes | None = None
        records: dict[bytes, bytes] = {}
        while (header := self._header()) is not None:
            if header.type == tarfile.GNUTYPE_LONGNAME:
                long_name = self._data(header.size).split(b"\0")[0]
            elif header.type == tarfile.XGLTYPE or header.type in _LONG:
                self._skip(header.size)
            elif header.type in _PAX:
                records |= _pax_records(self._data(header.size))
            else:
                return self._member(header, long_name, records)
        if long_name is not None or records:
            raise DamagedTar("it is cut off after a header")
        return None

    def _header(self) -> tarfile.TarInfo | None:
        """Read the next header; None behind the end marker."""
        zeros = 0
        while self._at < self._length:
            block = self._read(BLOCK)
            if block != bytes(BLOCK):
                return self._parsed(block)
            zeros += 1
            if zeros * BLOCK > LONGEST_TAIL:
                raise DamagedTar(f"it has more than {LONGEST_TAIL:,} bytes of zeros in a row")
        if zeros < END_BLOCKS:
            raise DamagedTar("its end is missing")
        return None

    def _parsed(self, block: bytes) -> tarfile.TarInfo:
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.TarError as error:
            raise DamagedTar(f"{error} at byte {self._at - BLOCK:,}") from error
        if block[482] and header.type == tarfile.GNUTYPE_SPARSE:
            while self._read(BLOCK)[504]:
                pass
        return header

    def _member(
        self, header: tarfile.TarInfo, long_name: bytes | None, records: dict[bytes, bytes]
    ) -> Member:
        sparse_name = records.get(b"GNU.sparse.name")
        name = sparse_name or records.get(b"path") or long_name
        size = _number(records[b"size"]) if b"size" in records else header.size
        offset = self._at
        if header.type not in _NO_DATA:
            self._skip(size)
        kind = _kind(header)
        if kind is Kind.FILE and any(key.startswith(b"GNU.sparse.") for key in records):
            kind = Kind.SPARSE
        return Member(_text(header.name if name is None else name), offset, size, kind)

    def _data(self, size: int) -> bytes:
        if size > LONGEST_HEADER:
            raise DamagedTar(f"it has a header of {size:,} bytes")
        start = self._at
        self._skip(size)
        self._file.seek(start)
        return self._file.read(size)

    def _skip(self, size: int) -> None:
        """Skip data, which ends on a whole block."""
        end = self._at + size
        if size < 0 or end > self._length:
            raise DamagedTar(f"its member at byte {self._at:,} claims {size:,} bytes")
        self._at += -(-size // BLOCK) * BLOCK

    def _read(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(size)
        if len(data) < size:
            raise DamagedTar("it is cut off in a block")
        self._at += size
        return data


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """Parse records, lines of "LENGTH KEYWORD=VALUE"; the length is that of the whole line."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data) and data[at]:
        space = data.find(b" ", at, at + 20)
        end = at + (_number(data[at:space]) if space > 0 else 0)
        keyword, is_record, value = data[space + 1 : max(end - 1, 0)].partition(b"=")
        if not is_record or end > len(data):
            raise DamagedTar("it has a damaged pax header")
        records[keyword] = value
        at = end
    return records


def _number(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 20:
        raise DamagedTar("it has a pax header with an invalid size")
    return int(digits)


def _kind(header: tarfile.TarInfo) -> Kind:
    if header.type == tarfile.GNUTYPE_SPARSE:
        return Kind.SPARSE
    if header.isreg():
        return Kind.FILE
    return Kind.FOLDER if header.isdir() else Kind.OTHER


def _text(name: bytes | str) -> str:
    """Escape what is not UTF-8."""
    if isinstance(name, str):
        if name.isascii():
            return name
        name = name.encode("utf-8", "surrogateescape")
    return name.decode("utf-8", "backslashreplace")
