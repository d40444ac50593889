"""From what the user named to a manifest."""

import contextlib
import difflib
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.archives import archive_refusal, is_archive
from curate.manifest.arrow_files import ALSO_ARROW, arrow_to_parquet
from curate.manifest.columns import find_columns
from curate.manifest.folder import FORMATS, freeze_tars, open_folder
from curate.manifest.frozen import Source, freeze, identity_of, parquet_source
from curate.manifest.manifest import Manifest, Part
from curate.manifest.mistaken import LONGEST_MAGIC, mistaken_for
from curate.manifest.picture_files import PICTURE_ENDINGS
from curate.manifest.shared_schema import require_exact, shared_schema
from curate.manifest.tables import PARQUET, TEXT, require_regular, table_to_parquet
from curate.manifest.text_files import ending_of
from curate.options.columns import ColumnOptions
from curate.store.folders import Folders
from curate.store.mirror import bring, look
from curate.store.run import MARKER
from curate.terminal.printable import brief_path

LIKE = 0.75
"""How alike names must be, of 1, for one to be meant by the other."""


@dataclass(frozen=True)
class _Opened:
    """The Parquet files of a manifest, and where its pictures lie."""

    sources: list[Source]
    home: Path
    in_tars: bool = False


def open_manifest(path: Path, named: ColumnOptions, root: Path | None, frozen: Folders) -> Manifest:
    """Open any manifest as Parquet files; what is not Parquet is written once into ``frozen``.

    Raises CurateError if there is no such file, if it is not what its ending says, if a column
    that is needed is missing, or if there are no rows of which labels are asked for.
    """
    require_exists(path)
    opened = _open(path, named, root, frozen)
    sources, in_tars = opened.sources, opened.in_tars
    parts = [source.open() for source in sources]
    files = [(part.path, each) for part, each in parts]
    schema, lacking = shared_schema(files)
    require_exact(files, schema)
    manifest = Manifest(
        path=path,
        parts=tuple(part for part, _ in parts),
        schema=schema,
        columns=find_columns(schema, in_tar_names(named) if in_tars else named, str(path)),
        root=Path(os.path.normpath((root or opened.home).absolute())),
        in_tars=in_tars,
        skipped=(*(each for source in sources for each in source.skipped), *lacking),
        differing=any(not each.equals(schema) for _, each in parts),
    )
    if manifest.rows == 0 and named.labelled:
        raise CurateError(f"{path} has no rows; there is nothing to weigh.")
    return manifest


def _open(path: Path, named: ColumnOptions, root: Path | None, frozen: Folders) -> _Opened:
    if path.is_dir() and (path / MARKER).exists():
        raise CurateError(
            f"{path} is a folder in which curate keeps its work; give what was weighed, or what"
            " curate wrote."
        )
    if path.is_dir():
        sources, in_tars = open_folder(path, named, root, frozen)
        return _Opened(sources, path, in_tars)
    if path.suffix.lower() == ".tar":
        tar = path.resolve() if path.is_symlink() else path
        return _Opened([freeze_tars([tar], named, root, frozen)], tar.parent, True)
    return _Opened([_table_source(path, frozen)], path.parent)


def require_exists(path: Path) -> None:
    """Raise CurateError when there is no such file or folder; see what a store has there."""
    if not look(path).exists():
        raise CurateError(f"{path} does not exist{_meant(path)}; the manifest is {FORMATS}.")
    if not path.is_file() and not path.is_dir():
        raise CurateError(f"{path} is a pipe or a device; the manifest is {FORMATS}.")


def _meant(path: Path) -> str:
    """Name what lies there under nearly the same name; '' where nothing does."""
    if "*" in path.name:
        return " (a * stands for no names here: give the folder)"
    names = []
    with contextlib.suppress(OSError):
        names = [name for name in os.listdir(path.parent) if Path(name).suffix == path.suffix]  # noqa: PTH208
    near = difflib.get_close_matches(path.name, sorted(names), 1, LIKE)
    return f" (did you mean {brief_path(near[0])}?)" if near else ""


def table_part(path: Path, frozen: Folders) -> tuple[Part, pa.Schema]:
    """Open one table as Parquet; CSV, TSV and JSON lines are written once into ``frozen``.

    Raises CurateError when it is no such table.
    """
    return _table_source(path, frozen).open()


def _table_source(path: Path, frozen: Folders) -> Source:
    require_regular(path)
    if path.suffix.lower() in PARQUET:
        return parquet_source(path)
    bring(path)
    ending, identity = ending_of(path), identity_of([path])
    if ending in TEXT:
        if path.stat().st_size == 0:
            raise CurateError(f"{path} is empty; there is nothing to weigh.")
        return freeze(frozen, identity, partial(table_to_parquet, path))
    if ending in ALSO_ARROW:
        return freeze(frozen, identity, partial(arrow_to_parquet, [path]))
    if is_archive(path):
        raise archive_refusal([path])
    if path.suffix.lower() in PICTURE_ENDINGS:
        raise CurateError(f"{path} is a picture; give the folder of all, or a table of them.")
    with path.open("rb") as file:
        other = mistaken_for(file.read(LONGEST_MAGIC))
    if other:
        raise CurateError(f"{path} is {other}.")
    raise CurateError(f"{path}: the ending '{ending}' is not known; the manifest is {FORMATS}.")


def in_tar_names(named: ColumnOptions) -> ColumnOptions:
    """Drop the names of members and JSON fields: the index has columns of its own."""
    return type(named)(key=named.key)
