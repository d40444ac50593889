"""What a folder holds: tars, Parquet files, img2dataset's shards, or pictures in class folders."""

import os
import shlex
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from curate.errors import CurateError
from curate.manifest.archives import archive_refusal, is_archive, unpacked
from curate.manifest.arrow_files import ARROW, SPLITS, STATE, arrow_files, arrow_to_parquet
from curate.manifest.embeddings import numeric_order
from curate.manifest.frozen import Source, freeze, identity_of, parquet_source
from curate.manifest.image_folder import folder_table, picture_table
from curate.manifest.img2dataset import (
    has_picture_shards,
    refuse_lone_shards,
    shards_to_parquet,
)
from curate.manifest.picture_files import find_pictures, is_hidden
from curate.manifest.root import home_below, require_below
from curate.manifest.tables import PARQUET, TEXT
from curate.manifest.tars import tars_table
from curate.manifest.unchanged import see
from curate.options.columns import ColumnOptions
from curate.store.atomic import EXPORTED
from curate.store.folders import Folders
from curate.terminal.skipped import Passed, Skipped

FORMATS = (
    "Parquet, CSV, TSV, JSON lines, JSON (.gz, .zst, .bz2 or .xz may follow), a WebDataset .tar, or"
    " a folder of Parquet files, of tars or of classes with pictures"
)
TAR = ".tar"
OF_DATASETS = (STATE, SPLITS, "dataset_info.json", "croissant.json", EXPORTED)
"""What `save_to_disk` writes beside its Arrow files, and `curate export` beside its Parquet."""
STATS = "_stats.json"
"""How img2dataset's counts of a shard end, which it writes beside each."""
LOOKED_AT = 10_000
"""The most files that are searched for a table that may be meant."""


def open_folder(
    path: Path, named: ColumnOptions, root: Path | None, frozen: Folders
) -> tuple[list[Source], bool]:
    """Open a folder as Parquet files, and say whether its pictures are in tars.

    Raises CurateError for a folder with nothing to read, or outside of ``root``.
    """
    entries = sorted(path.iterdir())
    files = [file for file in entries if file.is_file() and not is_hidden(file.name)]
    tars = [file for file in files if file.suffix.lower() == TAR]
    if tars:
        return [freeze_tars(tars, named, root, frozen, entries)], True
    if (path / "img_emb").is_dir():
        return _tables(sorted((path / "metadata").glob("[!.]*.parquet")), ()), False
    tables = [file for file in files if file.suffix.lower() in PARQUET]
    stats = [table.with_name(table.stem + STATS) for table in tables]
    if has_picture_shards(tables):
        return [_freeze_shards(path, tables, root, frozen, entries)], False
    if tables:
        beside = _beside(entries, [*tables, *stats], "the Parquet files")
        return _tables(tables, beside), False
    arrows = arrow_files(path)
    if arrows:
        write = partial(arrow_to_parquet, arrows)
        return [freeze(frozen, identity_of(arrows), write)], False
    return [_freeze_pictures(path, named, root, frozen)], False


def freeze_tars(
    tars: Sequence[Path], named: ColumnOptions, root: Path | None, frozen: Folders,
    entries: Sequence[Path] = (),
) -> Source:  # fmt: skip
    """Index tars of one folder once; ``entries`` are all that it holds."""
    folder = tars[0].parent
    archives = [file for file in entries if is_archive(file) and unpacked(file) not in tars]
    if archives:
        raise archive_refusal(archives)
    require_below(tars, root or folder)
    home = home_below(folder, root)
    sides = [tar.with_name(tar.stem + end) for tar in tars for end in (".parquet", STATS)]

    def write(target: Path) -> tuple[Skipped, ...]:
        table, skipped = tars_table(tars, named, home)
        table.write_parquet(target)
        return (*skipped, *_beside(entries, [*tars, *sides], "the tars"))

    names = [named.label, named.caption, named.image]
    files = tuple(map(see, tars))
    identity = identity_of(tars, names=names, home=home, **_unlabelled(named))
    return replace(freeze(frozen, identity, write), files=files)


def _tables(tables: list[Path], skipped: tuple[Skipped, ...]) -> list[Source]:
    tables.sort(key=numeric_order)
    sources = [parquet_source(table) for table in tables]
    return [replace(sources[0], skipped=skipped), *sources[1:]] if sources else []


def _freeze_shards(
    path: Path, tables: Sequence[Path], root: Path | None, frozen: Folders, entries: Sequence[Path]
) -> Source:
    home = home_below(path, root)
    folders = [table.with_suffix("") for table in tables if table.with_suffix("").is_dir()]
    stats = [table.with_name(table.stem + STATS) for table in tables]
    beside = _beside(entries, [*tables, *folders, *stats], "the shards")

    def write(target: Path) -> tuple[Skipped, ...]:
        return (*shards_to_parquet(tables, home, target), *beside)

    return freeze(frozen, identity_of([*tables, *folders], home=home), write)


def _freeze_pictures(
    path: Path, named: ColumnOptions, root: Path | None, frozen: Folders
) -> Source:
    home = home_below(path, root)
    pictures, skipped = find_pictures(path, root or path)
    if not pictures and (named.labelled or skipped):
        raise _nothing_to_read(path, skipped)
    if named.labelled:
        refuse_lone_shards(path, pictures[0].name)

    def write(target: Path) -> tuple[Skipped, ...]:
        names = [picture.name for picture in pictures]
        table = (
            folder_table(names, path, home, named.label)
            if named.labelled
            else picture_table(names, home)
        )
        table.write_parquet(target)
        return skipped

    said = [str(each) for each in skipped]
    identity = identity_of(
        (), pictures=pictures, skipped=said, label=named.label, home=home, **_unlabelled(named)
    )
    return freeze(frozen, identity, write)


def _unlabelled(named: ColumnOptions) -> dict[str, bool]:
    """Tell rows that were read without labels from those that may be weighed."""
    return {} if named.labelled else {"labelled": False}


def _beside(entries: Sequence[Path], read: Sequence[Path], what: str) -> tuple[Skipped, ...]:
    """Count what a folder holds and curate does not read."""
    passed, names = Passed(), {path.name for path in read}
    for entry in entries:
        if entry.name not in names:
            hidden = is_hidden(entry.name)
            kind = "hidden files and folders" if hidden else f"files and folders beside {what}"
            passed.add(kind, entry.name)
    return passed.skipped


def _nothing_to_read(path: Path, skipped: Sequence[Skipped]) -> CurateError:
    """Say what a folder lacks, and which path may be meant."""
    archives = sorted(file for file in path.iterdir() if is_archive(file))
    if archives:
        return archive_refusal(archives)
    passed = "".join(f"; passed over: {each}" for each in skipped)
    meant = _meant(path)
    hint = (
        f"try: curate weight {shlex.quote(str(meant))}" if meant else f"the manifest is {FORMATS}"
    )
    return CurateError(f"{path} holds no tars, no Parquet files and no pictures{passed}; {hint}")


def _meant(path: Path) -> Path | None:
    """Find a table, or a folder of tars or Parquet files, that may be meant; looks at few files."""
    seen = 0
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for file in sorted(files):
            seen += 1
            found = Path(folder, file)
            ending = found.suffix.lower()
            if ending in (TAR, ARROW, *PARQUET) and not is_hidden(file):
                return found.parent
            if ending in TEXT and not is_hidden(file) and file not in OF_DATASETS:
                return found
        if seen > LOOKED_AT:
            return None
    return None
