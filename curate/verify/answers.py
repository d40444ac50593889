"""The file of answers: each is saved at once, and only one process writes the file."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import polars as pl
from filelock import FileLock, Timeout

from curate.errors import CurateError
from curate.manifest.tables import read_table
from curate.store.atomic import appearing_file

Label = str | list[str] | None
"""A person's answer; None: none of the classes. A list where images have lists of labels."""
SKIPPED = "curate_skipped"
"""Parquet metadata: the names of skipped samples, which have no row in the file."""
TIME = pl.Datetime("ms", "UTC")


def schema(lists: bool) -> pl.Schema:
    """Give the columns of the file; with ``lists`` an image has a list of labels."""
    label = pl.List(pl.String()) if lists else pl.String()
    return pl.Schema(
        {
            "key": pl.String(),
            "label": label,
            "given_label": label,
            "time": TIME,
            "strategy": pl.String(),
            "by": pl.String(),
        }
    )


class Answers:
    """Answers by the name of the sample, its key, in the order in which they were given.

    Every change rewrites the file, whole or not at all: 20,000 answers take some milliseconds.
    """

    holds = ""
    """What the file is said to hold, where it is not labels."""

    def __init__(self, path: Path, by: str, rows: pl.DataFrame, skipped: list[str]) -> None:
        self.path = path
        self._by = by
        self._rows = rows
        self._labels = self.by_name(rows)
        self._skipped = dict.fromkeys(skipped)

    @classmethod
    def read(cls, path: Path, by: str, lists: bool) -> Self:
        """Read the answers so far; raises CurateError for any other kind of file."""
        wanted = cls.schema(lists)
        if not path.exists():
            return cls(path, by, wanted.to_frame(), [])
        rows = read_table(path, "--out", ", ".join(wanted))
        if rows.schema != wanted or len(cls.by_name(rows)) < len(rows):
            holds = cls.holds or f"answers with {'lists of labels' if lists else 'single labels'}"
            raise CurateError(
                f"--out {path} exists and is not a file of {holds}; name another file."
            )
        skipped = json.loads(pl.read_parquet_metadata(path).get(SKIPPED, "[]"))
        return cls(path, by, rows, skipped)

    @classmethod
    def schema(cls, lists: bool) -> pl.Schema:
        """Give the columns of the file."""
        return schema(lists)

    @classmethod
    def by_name(cls, rows: pl.DataFrame) -> Mapping[str, Label]:
        """Return the answers, the latest last."""
        return dict(rows.select("key", "label").iter_rows())

    def __contains__(self, name: str) -> bool:
        return name in self._labels

    def __getitem__(self, name: str) -> Label:
        return self._labels[name]

    @property
    def names(self) -> list[str]:
        """The names of the samples that have answers, the latest last."""
        return list(self._labels)

    @property
    def images(self) -> int:
        """How many images have an answer."""
        return self._rows["key"].n_unique()

    def is_skipped(self, name: str) -> bool:
        """Tell whether a sample was skipped."""
        return name in self._skipped

    def add(self, name: str, label: Label, given: Label, strategy: str) -> None:
        """Save an answer."""
        row = (*self._row(name, label, given), datetime.now(UTC), strategy, self._by)
        new = pl.DataFrame([row], schema=self._rows.schema, orient="row")
        self._write(pl.concat([self._without(name), new]), self._unskipped(name))

    def skip(self, name: str) -> None:
        """Note that a sample was skipped."""
        self._write(self._rows, {**self._skipped, name: None})

    def remove(self, name: str) -> None:
        """Remove an answer, or the note that a sample was skipped."""
        self._write(self._without(name), self._unskipped(name))

    def _row(self, name: str, label: Label, given: Label) -> tuple[object, ...]:
        """Give what the file says of an answer, but for when, why and who."""
        return name, label, given

    def _without(self, name: str) -> pl.DataFrame:
        return self._rows.filter(
            pl.Series([other != name for other in self._labels], dtype=pl.Boolean)
        )

    def _unskipped(self, name: str) -> dict[str, None]:
        return {other: None for other in self._skipped if other != name}

    def _write(self, rows: pl.DataFrame, skipped: dict[str, None]) -> None:
        """Write before changing memory: an answer that cannot be written does not count."""
        write_answers(self.path, rows, list(skipped))
        self._rows, self._skipped = rows, skipped
        self._labels = self.by_name(rows)


@contextlib.contextmanager
def open_answers(
    path: Path, by: str, lists: bool, kind: type[Answers] = Answers
) -> Iterator[Answers]:
    """Lock the file of answers while the block runs.

    Raises CurateError if another process has locked it, if it cannot be written, and if it is
    another kind of file.
    """
    check_path(path)
    path.absolute().parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise CurateError(
            f"--out {path} is being written by another curate verify; wait for it, or name another"
            " file and merge the two with --merge."
        ) from error
    with lock:
        yield kind.read(path, by, lists)


def check_path(path: Path) -> None:
    """Raise CurateError unless the path can be that of a Parquet file."""
    if path.suffix != ".parquet" or path.is_dir():
        raise CurateError(f"--out {path}: name a file that ends in .parquet.")


def write_answers(path: Path, rows: pl.DataFrame, skipped: list[str]) -> None:
    """Write the file, whole or not at all."""
    with appearing_file(path) as unfinished:
        rows.write_parquet(unfinished, metadata={SKIPPED: json.dumps(skipped)})
