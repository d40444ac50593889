"""Which folders above a picture name its class; a doubtful case is an error, never a guess."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from curate.errors import CurateError
from curate.manifest.folder_words import CONTAINER, NO_CLASS, PART, SPLIT, WITHIN_CLASS
from curate.manifest.text_files import ending_of
from curate.terminal.printable import brief, examples

Folders = Mapping[tuple[str, ...], int]
"""Names of folders, from the top -> pictures directly in the last; () is the top itself."""
LEVEL = re.compile(r"folder_([1-9])")
"""What --label may be for a folder: folder_1 are the folders directly in it."""
TABLES = (".csv", ".tsv", ".jsonl", ".ndjson")
DEEPEST = 4


def class_level(folders: Folders, where: Path) -> int:
    """Choose the level of folders that are the classes: 1 directly in ``where``, 2 in a split.

    Raises CurateError, with what to do, if pictures have no folder or the classes may be on
    another level.
    """
    if not any(folders):
        raise CurateError(
            f"{where}: all pictures lie directly in it, and the folder that a picture is in is its"
            " class; put those of each class into a folder of that name, or give a table with"
            f" columns image and label{_beside(where)}."
        )
    is_split = all(map(SPLIT.fullmatch, _names(folders, 1)))
    if is_split:
        doubt = _doubt_of_split(folders) or _doubt_of_classes(_below_first(folders))
    else:
        doubt = _doubt_of_wrapper(folders, where) or _doubt_of_classes(folders)
    if doubt is not None:
        raise CurateError(
            f"{where}: {doubt}; say which folders are the classes:"
            f" {_ways(folders)}{_beside(where)}."
        )
    return 2 if is_split else 1


def _beside(where: Path) -> str:
    """Name a table in the folder, which may hold the labels of its pictures."""
    if not where.is_dir():
        return ""
    tables = sorted(file for file in where.iterdir() if ending_of(file) in TABLES)
    return f"; its table is read by: curate weight {shlex.quote(str(tables[0]))}" if tables else ""


def _doubt_of_split(folders: Folders) -> str | None:
    """Say why the folders in parts of a split may not be the classes."""
    classes: dict[str, set[str]] = {part: set() for part in _names(folders, 1)}
    for path in folders:
        if len(path) > 1:
            classes[path[0]].add(path[1])
    if not any(classes.values()):
        return f"its folders {_some(classes)} look like parts of a split, with no classes in them"
    for part, names in sorted(classes.items(), key=lambda item: len(item[1])):
        others = {name for other in classes if other != part for name in classes[other]}
        if names and others and names.isdisjoint(others):
            return f"{_some(names)} in '{brief(part)}' are in no other part of the split"
    return None


def _doubt_of_wrapper(folders: Folders, where: Path) -> str | None:
    """Say that there is one folder too many, with the command that leaves it out."""
    names = _names(folders, 1)
    if len(names) > 1 or not _names(folders, 2):
        return None
    (name,) = names
    return (
        f"it holds the folder '{brief(name)}' alone; if the classes are the folders in that one,"
        f" run: curate weight {shlex.quote(str(where / name))}"
    )


def _doubt_of_classes(folders: Folders) -> str | None:
    """Say why the first folders may not be the classes."""
    names, deep = _names(folders, 1), _pictures_below(folders)
    if len(names) == 1 and deep.total():
        return f"{_some(names)} is the only folder where classes are looked for"
    for path in folders:
        if len(path) > 1 and path[1] in names and path[0] != path[1]:
            return f"'{brief(path[1])}' and '{brief('/'.join(path[:2]))}' may be the same class"
    if deep and all(map(PART.fullmatch, names)):
        return f"its folders {examples(sorted(names))} look like parts of a split"
    odd = [name for name in deep if NO_CLASS.fullmatch(name)]
    parts = [name for name in odd if SPLIT.fullmatch(name)]
    if len(parts) > 1 or 2 * sum(deep[name] for name in odd) > names.total():
        return f"its folders {_some(odd)} do not look like classes, and hold more folders"
    if all(map(CONTAINER.fullmatch, names)):
        return f"its folders {_some(names)} do not look like classes"
    return _doubt_of_shared(folders, names.total())


def _doubt_of_shared(folders: Folders, pictures: int) -> str | None:
    """Say that deeper folders have the same names everywhere, as if classes lay below them.

    Names that only divide a class (images, google, 2024, 00) raise no doubt.
    """
    for level in range(2, DEEPEST + 1):
        names = _names(folders, level)
        tops: dict[str, set[str]] = {}
        for path in folders:
            if len(path) >= level:
                tops.setdefault(path[level - 1], set()).add(path[0])
        shared = [name for name in names if len(tops[name]) > 1]
        divides = len(names) == 1 or all(map(WITHIN_CLASS.fullmatch, names))
        most = 2 * sum(names[name] for name in shared) > pictures
        if most and len(shared) > 1 and not divides:
            return (
                f"its folders {_some(_names(folders, 1))} hold folders of the same names,"
                f" {_some(shared)}, and either may be the classes"
            )
        if not divides:
            break
    return None


def _names(folders: Folders, level: int) -> Counter[str]:
    """Count the pictures in and below each name of a level."""
    names: Counter[str] = Counter()
    for path, count in folders.items():
        if len(path) >= level:
            names[path[level - 1]] += count
    return names


def _pictures_below(folders: Folders) -> Counter[str]:
    """Count the pictures of each first folder that are in folders of it."""
    deep: Counter[str] = Counter()
    for path, count in folders.items():
        if len(path) > 1:
            deep[path[0]] += count
    return deep


def _below_first(folders: Folders) -> Folders:
    """Take the first folders off, and join what lies below them."""
    rest: Counter[tuple[str, ...]] = Counter()
    for path, count in folders.items():
        if len(path) > 1:
            rest[path[1:]] += count
    return rest


def _ways(folders: Folders) -> str:
    levels = [level for level in range(1, DEEPEST + 1) if _names(folders, level)]
    return " or ".join(
        f"--label folder_{level} ({_some(_names(folders, level))})" for level in levels
    )


def _some(names: Iterable[str]) -> str:
    return examples(sorted(names))
