"""What a format is: how it is written, how it is read back, and what it can hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name

from curate.errors import CurateError
from curate.exports.check import Row
from curate.exports.job import Batch, Job, Write
from curate.exports.pieces import Piece
from curate.exports.record import Holds
from curate.options.export import FORMATS, Keep

Read = tuple[str, Iterator[Row]]
"""The library that reads, and what it finds."""


def labelled(_: Job, batch: Batch) -> Iterator[Row]:
    """Yield label, weight and picture of each row of a batch."""
    for place, (label, weight) in enumerate(
        zip(batch.rows["label"], batch.rows["weight"], strict=True)
    ):
        yield Row(label, weight, batch.pictures[place].data if batch.pictures else None)


def held(job: Job, batch: Batch) -> Iterator[Row]:
    """Yield the same with the table's labels, which are numbers in some crawls."""
    labels = batch.table[job.record.name(job.weighted.manifest.columns.label)].to_pylist()
    for row, label in zip(labelled(job, batch), labels, strict=True):
        yield row._replace(label=label)


@dataclass(frozen=True)
class InOrder:
    """One file, or a folder, that one process writes from the first row to the last."""

    write: Callable[[Job, Path], AbstractContextManager[Write]]
    """Opens a file, or an existing folder; yields the function that writes a batch into it."""
    read: Callable[[Job, Path], Read]
    """Reads what was written, with the library that trainers use if it is installed."""


def nothing_more(job: Job, path: Path, files: Mapping[str, Sequence[Path]]) -> None:
    """Add nothing to the files."""


@dataclass(frozen=True)
class InFiles:
    """A folder of files that each hold a piece of the rows, and do not depend on each other."""

    ending: str
    write: Callable[[Job, Path, Piece], AbstractContextManager[Write]]
    """Opens the file of a piece; yields the function that writes a batch into it."""
    read: Callable[[Job, Path], tuple[str, Callable[[Path], Iterator[Row]]]]
    """Opens the folder; gives the library that reads, and what reads one of the files."""
    finish: Callable[[Job, Path, Mapping[str, Sequence[Path]]], None] = nothing_more
    """Adds what describes the files of each part."""
    always_parts: bool = False
    """Tells whether there is a folder for the part of a split where there is no split too."""

    def folder(self, job: Job, path: Path, part: str) -> Path:
        """Say where the files of a part lie."""
        return path / part if self.always_parts or job.options.select.shares else path

    def file(self, job: Job, path: Path, piece: Piece) -> Path:
        """Say where a piece lies."""
        return self.folder(job, path, piece.part) / f"{piece.number:05d}{self.ending}"


@dataclass(frozen=True)
class Format:
    """One format; its file or folder appears once it is written and checked."""

    output: InOrder | InFiles
    endings: tuple[str, ...] = ()
    """Of the file's name; none if it is a folder."""
    pictures: bool = False
    """Tells whether pictures are written beside the columns of the crawl."""
    lists: bool = False
    """Tells whether an image may have several labels."""
    soft: bool = False
    """Tells whether it can hold soft labels."""
    splits: bool = False
    """Tells whether it can hold the parts of a split."""
    keep: Keep = "weighted"
    """What is kept by default."""
    holds: Holds | None = None
    """Tells which of the crawl's columns it can hold; None: it has columns of its own."""
    fields: bool = False
    """Tells whether the fields of JSON in tars become columns."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Its own columns: name in the output -> column of the chosen rows."""
    rows: Callable[[Job, Batch], Iterator[Row]] = labelled
    """Gives what must be read back of a batch."""


def load_format(name: str) -> Format:
    """Load FORMAT from the module of that name.

    Raises CurateError for a name that is not in FORMATS.
    """
    if name not in FORMATS:
        raise CurateError(f"--to {name}: it must be one of {', '.join(FORMATS)}.")
    format_: Format = resolve_name(f"curate.exports.{name.replace('-', '_')}:FORMAT")
    return format_
