"""Write files that each hold a piece of the chosen rows, and read them back, on any worker."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from curate.exports.check import Digest, Row
from curate.exports.format import Format, InFiles, load_format
from curate.exports.job import Advance, Batch, Job, Write
from curate.exports.pieces import Piece, Pieces
from curate.exports.written import Tally, Written, added_up
from curate.store.atomic import appearing_file, remove_unfinished
from curate.store.engine import Engine, Work, stateless


class Place(NamedTuple):
    """What is written, and into which folder."""

    job: Job
    path: Path

    @property
    def format_(self) -> Format:
        """The format that was chosen."""
        return load_format(self.job.options.to)

    @property
    def output(self) -> InFiles:
        """How it writes files."""
        output = self.format_.output
        assert isinstance(output, InFiles)
        return output

    def file(self, piece: Piece) -> Path:
        """Say where a piece lies."""
        return self.output.file(self.job, self.path, piece)


@dataclass(frozen=True)
class WriteFiles:
    """An export into a folder that all workers see."""

    place: Place
    pieces: Sequence[Piece]
    engine: Engine

    def write(self, advance: Advance) -> Written:
        """Write all files."""
        job, path, output = self.place.job, self.place.path, self.place.output
        for part in job.parts:
            output.folder(job, path, part).mkdir(exist_ok=True)
        opening = stateless(partial(_written, self.place))
        written = added_up(self.engine.run(opening, self.pieces, advance))
        remove_unfinished(path)  # Left by workers that were lost.
        there = self._there()
        parts = {part: [self.place.file(p) for p in there if p.part == part] for part in job.parts}
        output.finish(job, path, parts)
        return written

    def read(self, advance: Advance) -> tuple[str, Digest]:
        """Read all files; give the libraries that read them, and their digest."""
        libraries, digest = set(), Digest()
        reading = partial(_reading, self.place)
        for library, found in self.engine.run(reading, self._there(), advance):
            libraries.add(library)
            digest.include(found)
        return " and ".join(sorted(libraries)), digest

    def _there(self) -> list[Piece]:
        """List the pieces that have a file; one without a picture has none."""
        return [piece for piece in self.pieces if self.place.file(piece).exists()]


def _written(
    place: Place, items: Iterable[Piece], advance: Advance
) -> Iterator[Callable[[], Written]]:
    """Write pieces as their rows come by: however many they are, the crawl is read once."""
    pieces = list(items)
    with ExitStack() as stack:
        files = [stack.enter_context(_File(place, piece)) for piece in pieces]
        for batch in place.job.batches(advance, Pieces(pieces)):
            for at, rows in batch.pieces():
                files[at].add(rows)
    for file in files:
        yield file.tally.written


class _File:
    """The file of a piece, from its first picture to its last; without any there is none."""

    def __init__(self, place: Place, piece: Piece) -> None:
        self._place, self._piece = place, piece
        self.tally = Tally(place.job, place.format_)
        self._left = piece.chosen
        self._open = ExitStack()
        self._write: Write | None = None

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def add(self, batch: Batch) -> None:
        """Write rows, and close the file after the last."""
        if len(batch.rows):
            if self._write is None:
                self._write = self._opened()
            self._write(batch)
        self.tally.add(batch)
        self._left -= len(batch.rows) + len(batch.unreadable)
        if not self._left:
            self._open.close()

    def _opened(self) -> Write:
        file = appearing_file(self._place.file(self._piece), in_folder=True)
        unfinished = self._open.enter_context(file)
        opened = self._place.output.write(self._place.job, unfinished, self._piece)
        return self._open.enter_context(opened)


@contextmanager
def _reading(place: Place) -> Iterator[Work[tuple[str, Digest]]]:
    """Open the folder once for many files."""
    library, rows = place.output.read(place.job, place.path)

    def tasks(
        pieces: Iterable[Piece], advance: Advance
    ) -> Iterator[Callable[[], tuple[str, Digest]]]:
        for piece in pieces:
            yield partial(_read, library, rows(place.file(piece)), advance)

    yield tasks


def _read(library: str, rows: Iterable[Row], advance: Advance) -> tuple[str, Digest]:
    digest = Digest()
    for row in rows:
        digest.add(row)
        advance(1)
    return library, digest
