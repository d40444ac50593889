"""From what the user named to a manifest."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from curate.errors import CurateError
from curate.manifest.columns import ColumnOptions, find_columns
from curate.manifest.embeddings import numeric_order
from curate.manifest.image_folder import PICTURE_ENDINGS, folder_table, picture_files
from curate.manifest.manifest import Manifest, Part, parquet_part
from curate.manifest.skipped import Skipped, load_skipped, save_skipped
from curate.manifest.tables import PARQUET, TEXT, require_regular, table_to_parquet
from curate.manifest.tars import tars_table
from curate.manifest.text_files import ending_of
from curate.manifest.unchanged import SeenFile, see
from curate.store.code import code_of
from curate.store.fingerprint import file_identity, fingerprint
from curate.store.folders import Folders

FROZEN, SKIPPED = "rows.parquet", "skipped.json"
FORMATS = (
    "Parquet, CSV, TSV, JSON lines, JSON (.gz, .zst, .bz2 or .xz may follow), a WebDataset .tar, or"
    " a folder of Parquet files, of tars or of"
    " classes with pictures"
)


@dataclass(frozen=True)
class Source:
    """A Parquet file to read, and what was passed over when it was made."""

    path: Path
    identity: str
    skipped: tuple[Skipped, ...] = ()
    files: tuple[SeenFile, ...] = ()
    """The user's files that are read again and again."""

    def open(self) -> tuple[Part, pa.Schema]:
        """Read its footer."""
        return parquet_part(self.path, self.identity, self.files)


def open_manifest(path: Path, named: ColumnOptions, root: Path | None, frozen: Folders) -> Manifest:
    """Open any manifest as Parquet files; what is not Parquet is written once into ``frozen``.

    Raises CurateError when there is no such file, when it is not what its ending says, when a
    column that is needed is not there, and when there are no rows.
    """
    require_exists(path)
    home, in_tars = path, False
    if path.is_dir():
        sources, in_tars = _open_folder(path, named, frozen)
    elif path.suffix.lower() == ".tar":
        home, in_tars = path.parent, True
        sources = [_freeze_tars([path], named, frozen)]
    else:
        home = path.parent
        sources = [_table_source(path, frozen)]
    opened = [source.open() for source in sources]
    schema = opened[0][1]
    for part, other in opened:
        if not other.equals(schema):
            raise CurateError(
                f"{part.path} has other columns than {opened[0][0].path}"
                f" ({_difference(other, schema)}); give them the same columns, or weigh them one by"
                " one."
            )
    manifest = Manifest(
        path=path,
        parts=tuple(part for part, _ in opened),
        schema=schema,
        columns=find_columns(schema, in_tar_names(named) if in_tars else named, str(path)),
        root=Path(os.path.normpath((root or home).absolute())),
        in_tars=in_tars,
        skipped=tuple(each for source in sources for each in source.skipped),
    )
    if manifest.rows == 0:
        raise CurateError(f"{path} has no rows; there is nothing to weigh.")
    return manifest


def require_exists(path: Path) -> None:
    """Raise CurateError when there is no such file or folder."""
    if not path.exists():
        raise CurateError(f"{path} does not exist; the manifest is {FORMATS}.")


def table_part(path: Path, frozen: Folders) -> tuple[Part, pa.Schema]:
    """Open one table as Parquet; CSV, TSV and JSON lines are written once into ``frozen``.

    Raises CurateError when it is no such table.
    """
    return _table_source(path, frozen).open()


def _table_source(path: Path, frozen: Folders) -> Source:
    require_regular(path)
    if path.suffix.lower() in PARQUET:
        return _parquet_source(path)
    ending, identity = ending_of(path), _identity([path])
    if ending in TEXT:
        if path.stat().st_size == 0:
            raise CurateError(f"{path} is empty; there is nothing to weigh.")
        return _freeze(frozen, identity, partial(table_to_parquet, path))
    raise CurateError(f"{path}: the ending '{ending}' is not known; the manifest is {FORMATS}.")


def _parquet_source(path: Path) -> Source:
    files = (see(path),)
    return Source(path, _identity([path]), files=files)


def _open_folder(path: Path, named: ColumnOptions, frozen: Folders) -> tuple[list[Source], bool]:
    tars = sorted(path.glob("[!.]*.tar"))
    if tars:
        return [_freeze_tars(tars, named, frozen)], True
    metadata = path / "metadata" if (path / "img_emb").is_dir() else path
    tables = sorted(metadata.glob("[!.]*.parquet"), key=numeric_order)
    if tables:
        return [_table_source(table, frozen) for table in tables], False
    pictures = list(picture_files(path))
    if not pictures:
        raise CurateError(
            f"{path} holds no tars, no Parquet files and no pictures"
            f" ({', '.join(PICTURE_ENDINGS)}); the manifest is {FORMATS}."
        )

    def write(target: Path) -> tuple[Skipped, ...]:
        folder_table(path, pictures).write_parquet(target)
        return ()

    return [_freeze(frozen, _identity(pictures), write)], False


def _freeze_tars(tars: list[Path], named: ColumnOptions, frozen: Folders) -> Source:
    def write(target: Path) -> tuple[Skipped, ...]:
        tars_table(tars, named.label, named.caption).write_parquet(target)
        return ()

    files = tuple(map(see, tars))
    return replace(_freeze(frozen, _identity(tars, named), write), files=files)


def _freeze(frozen: Folders, identity: str, write: Callable[[Path], Iterable[Skipped]]) -> Source:
    """Write a Parquet file once, with what ``write`` has passed over beside it.

    Another code of this package writes it again; rows that come out the same keep their identity,
    and with it the features that were made of them.
    """
    name = fingerprint(code=code_of(__name__), files=identity)
    if name not in frozen:
        skipped: list[Skipped] = []
        frozen.write(
            name,
            {
                FROZEN: lambda path: skipped.extend(write(path)),
                SKIPPED: lambda path: save_skipped(path, skipped),
            },
        )
    rows, skipped_file = frozen.file(name, FROZEN), frozen.file(name, SKIPPED)
    of_rows = fingerprint(files=identity, rows=frozen.receipt(name)["sha256"].get(FROZEN))
    return Source(rows, of_rows, load_skipped(skipped_file))


def _identity(files: list[Path], named: ColumnOptions | None = None) -> str:
    common = os.path.commonpath([file.parent for file in files])
    return fingerprint(
        files=[{**file_identity(file), "name": str(file.relative_to(common))} for file in files],
        named=[named.label, named.caption] if named else [],
    )


def in_tar_names(named: ColumnOptions) -> ColumnOptions:
    """Drop the names of JSON fields: the index has columns label and caption."""
    return ColumnOptions(image=named.image, key=named.key)


def _difference(other: object, schema: object) -> str:
    lines = set(str(other).splitlines()) ^ set(str(schema).splitlines())
    return ", ".join(sorted(line.strip() for line in lines)[:3])
