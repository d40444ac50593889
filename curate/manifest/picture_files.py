"""Find the pictures below a folder, in a fixed order, and count what is passed over."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from curate.errors import CurateError
from curate.images.signature import accepted_format, is_other_picture
from curate.manifest.root import is_below, links_refusal
from curate.store.mirror import bring
from curate.terminal.skipped import Passed, Skipped

PICTURE_ENDINGS = (
    ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".png", ".gif", ".bmp", ".tif", ".tiff", ".avif",
    ".heic", ".heif", ".hif", ".jxl",
)  # fmt: skip
"""Endings of picture files, whatever is in them; other files are recognised by their bytes."""
SNIFFED = 1_024
"""First bytes that are read to recognise a picture."""
SYSTEM_NAMES = {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found"}
NO_PICTURES = "files that are no pictures"


class PictureFile(NamedTuple):
    """A picture below a folder, and what distinguishes one state of the file from another."""

    name: str
    """Its path from the folder on, with slashes."""
    bytes: int
    modified_ns: int


def has_picture_ending(name: str) -> bool:
    """Tell whether a file is taken for a picture by its name alone."""
    return name[name.rfind(".") :].lower() in PICTURE_ENDINGS


def is_picture(head: bytes) -> bool:
    """Tell by its first ``SNIFFED`` bytes whether a file is a picture, decodable or not."""
    return accepted_format(head) is not None or is_other_picture(head)


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is hidden, or an operating system's."""
    if name.startswith("."):
        return name not in (".", "..")
    return name in SYSTEM_NAMES or name.startswith("PaxHeaders")


def find_pictures(folder: Path, root: Path) -> tuple[list[PictureFile], tuple[Skipped, ...]]:
    """Find every picture below a folder, in sorted order, and count what is passed over.

    Links to folders are followed unless the folder is found without the link. Raises CurateError
    for links that lead out of ``root``, and for a folder that cannot be read.
    """
    walk = _Walk(folder, root)
    pictures = list(walk.pictures())
    if walk.outside:
        raise links_refusal([folder / name for name in walk.outside], root)
    return pictures, walk.passed.skipped


class _Walk:
    def __init__(self, folder: Path, root: Path) -> None:
        self._folder = folder
        self._real_folder = os.path.realpath(folder)
        self._real_root = os.path.realpath(root)
        self._followed: set[str] = set()
        self.outside: list[str] = []
        """Links that lead out of the root."""
        self.passed = Passed()

    def pictures(self) -> Iterator[PictureFile]:
        """Walk: first the files of a folder, then its folders."""
        open_ = [""]
        while open_:
            place = open_.pop()
            folders: list[str] = []
            for entry in self._entries(place):
                name = place + entry.name
                if is_hidden(entry.name):
                    self.passed.add("hidden files and folders", name)
                elif _is_folder(entry):
                    if not entry.is_symlink() or self._follows(entry, name):
                        folders.append(f"{name}/")
                elif self._takes(entry, name):
                    yield _picture(entry, name)
            open_ += reversed(folders)

    def _entries(self, place: str) -> Iterable[os.DirEntry[str]]:
        try:
            with os.scandir(self._folder / place) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            raise CurateError(
                f"{error.filename} cannot be read ({error.strerror}); give this user the right to"
                " read it, or move it out of the folder."
            ) from error

    def _follows(self, entry: os.DirEntry[str], name: str) -> bool:
        """Tell whether to walk a linked folder; if not, note why."""
        real = os.path.realpath(entry.path)
        if not is_below(real, self._real_root):
            self.outside.append(name)
            return False
        if self._is_walked(real) or real in self._followed:
            self.passed.add("linked folders, whose pictures are read at their own place", name)
            return False
        self._followed.add(real)
        return True

    def _is_walked(self, real: str) -> bool:
        """Tell whether a folder is met without links, or holds the one that is walked."""
        if is_below(self._real_folder, real):
            return True
        inside = Path(os.path.relpath(real, self._real_folder)).parts
        return is_below(real, self._real_folder) and not any(map(is_hidden, inside))

    def _takes(self, entry: os.DirEntry[str], name: str) -> bool:
        """Tell whether a file is a picture; if not, note why."""
        named_so = has_picture_ending(name)
        if entry.is_symlink() and not is_below(os.path.realpath(entry.path), self._real_root):
            if named_so:
                self.outside.append(name)
            else:
                self.passed.add(NO_PICTURES, name)
            return False
        if not name.isascii() and _is_no_text(name):
            self.passed.add("files whose names are not UTF-8 (rename them)", _escaped(name))
            return False
        reason = None if named_so and not _is_special(entry) else _no_picture(entry)
        if reason is not None:
            self.passed.add(reason, name)
        return reason is None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # such as links in a circle
        return False


def _is_special(entry: os.DirEntry[str]) -> bool:
    """Tell whether reading might never end, as of a pipe or a device; a broken link is neither."""
    try:
        return not entry.is_file() and not stat.S_ISREG(entry.stat().st_mode)
    except OSError:
        return False


def _no_picture(entry: os.DirEntry[str]) -> str | None:
    """Say why a file is passed over, by its first bytes; None for a picture."""
    if _is_special(entry):
        return "pipes, sockets and devices"
    try:
        return None if is_picture(_head(bring(Path(entry.path)))) else NO_PICTURES
    except FileNotFoundError:
        return NO_PICTURES
    except OSError:
        return "files that cannot be read"


def _head(path: Path) -> bytes:
    with path.open("rb", buffering=0) as file:
        return file.read(SNIFFED)


def _picture(entry: os.DirEntry[str], name: str) -> PictureFile:
    try:
        info = entry.stat()
    except OSError:  # a link to nothing: a row without a picture
        return PictureFile(name, 0, 0)
    return PictureFile(name, info.st_size, info.st_mtime_ns)


def _is_no_text(name: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in name)


def _escaped(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
