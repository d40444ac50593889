"""Archives that curate does not read, and the command that turns each into what it reads."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from curate.errors import CurateError

UNPACKERS = {
    ".gz": "gunzip -k", ".tgz": "gunzip -k", ".bz2": "bunzip2 -k", ".tbz2": "bunzip2 -k",
    ".tbz": "bunzip2 -k", ".xz": "unxz -k", ".txz": "unxz -k", ".lzma": "unlzma -k",
    ".zst": "unzstd", ".tzst": "unzstd",
}  # fmt: skip
"""Ending of a compressed tar -> the command that makes a .tar beside it."""
CONTAINERS = {".zip": "unzip {0} -d {1}", ".7z": "7z x {0} -o{1}", ".rar": "unrar x {0} {1}/"}
MAGIC = {
    b"\x1f\x8b": "gzip -dc", b"BZh": "bzip2 -dc", b"\xfd7zXZ\0": "xz -dc",
    b"\x28\xb5\x2f\xfd": "zstd -dc",
}  # fmt: skip


def is_archive(path: Path) -> bool:
    """Tell by its ending whether a file is an archive that curate does not read."""
    endings = [ending.lower() for ending in path.suffixes[-2:]]
    if not endings:
        return False
    alone = endings[-1] in CONTAINERS or endings[-1].startswith(".t")
    return endings[-1] in (UNPACKERS | CONTAINERS) and (alone or endings[0] == ".tar")


def unpacked(archive: Path) -> Path:
    """Return the path of the unpacked tar."""
    plain = archive.with_suffix("")
    return plain if plain.suffix.lower() == ".tar" else archive.with_suffix(".tar")


def archive_refusal(archives: Sequence[Path]) -> CurateError:
    """Say why archives are not read, with the command that unpacks the first kind of them."""
    first = archives[0]
    ending = first.suffix.lower()
    if ending in CONTAINERS:
        folder = shlex.quote(str(first.with_suffix("")))
        command = CONTAINERS[ending].format(shlex.quote(str(first)), folder)
        return _refusal(first, "an archive", f"{command} && curate weight {folder}")
    same = [path for path in archives if path.suffix == first.suffix]
    files = " ".join(shlex.quote(str(path)) for path in same[:1])
    if len(same) > 1:
        files = f"{shlex.quote(str(first.parent))}/*{first.suffix}"
    return _refusal(first, "compressed", f"{UNPACKERS[ending]} {files}")


def refuse_compressed(tar: Path, head: bytes) -> None:
    """Raise CurateError for a compressed file whose name ends in .tar."""
    for magic, command in MAGIC.items():
        if head.startswith(magic):
            name = shlex.quote(str(tar))
            plain = shlex.quote(str(tar.with_suffix(".plain.tar")))
            raise _refusal(tar, "compressed, whatever its name", f"{command} {name} > {plain}")


def _refusal(path: Path, what: str, command: str) -> CurateError:
    return CurateError(
        f"{path} is {what}, and pictures are read where they lie in plain tars; convert it"
        f" with: {command}"
    )
