"""What a function was given in memory, written to files for as long as its call needs them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from curate.errors import CurateError
from curate.in_memory.files import array_file, features_of, paths_from, table_file, whole_labels
from curate.in_memory.kinds import InMemory, is_path, table_in_memory
from curate.in_memory.spoken import SpokenConsole, spoken
from curate.manifest.columns import KNOWN_NAMES, Columns
from curate.options.in_python import Arguments
from curate.relations.graph import CLASSES
from curate.scoring.summary import all_in
from curate.store.run import MARKER, open_run
from curate.store.scratch import scratch_folder
from curate.store.urls import as_path

Options = TypeVar("Options")
GIVEN = "given"
"""The folder, in a run folder, of what was given in memory."""
TAKEN = "a path, a table of polars, pandas or pyarrow, or a datasets.Dataset"


@dataclass(frozen=True)
class Given:
    """Files in the place of what was given in memory."""

    run: Path
    """The run folder."""
    names: dict[str, str] = field(default_factory=dict)
    """By path: what the user calls it."""

    @property
    def console(self) -> SpokenConsole:
        """Where progress and warnings go: standard error."""
        return SpokenConsole(self.names, stderr=True)

    def options(self, arguments: Arguments[Options], path: Path) -> Options:
        """Make options; tables and arrays among the keywords are written to files."""
        keywords = {name: self._file(name, value) for name, value in arguments.keywords.items()}
        return arguments.make(path, keywords)

    def table(self, table: InMemory, columns: Columns, others: Iterable[str] = ()) -> Path:
        """Write those of a table's columns that are found, and ``others`` that it has."""
        found = [name for name in vars(columns).values() if name is not None]
        has = set(table.names)
        wanted = dict.fromkeys([*found, *(n for n in (*KNOWN_NAMES["url"], *others) if n in has)])
        labelled = (whole_labels(each, columns.label) for each in table.tables([*wanted]))
        here = partial(paths_from, image=columns.image, here=Path.cwd())
        path = table_file(self._folder(), "table", map(here, labelled))
        self.names[str(path)] = table.said
        return path

    def _file(self, keyword: str, value: Any) -> Any:
        """Write a table or an array to a file, and return its path; return other values."""
        if keyword == "embeddings" and value is not None and not is_path(value):
            path, said = array_file(self._folder(), keyword, features_of(value)), "the array"
        elif (table := table_in_memory(value)) is not None:
            path = table_file(self._folder(), keyword, table.tables(table.names))
            said = "the table"
        else:
            return value
        self.names[f"--{keyword} {path}"] = self.names[str(path)] = f"{said} {keyword}="
        return path

    def _folder(self) -> Path:
        if not (self.run / MARKER).exists():
            with open_run(self.run):
                pass
        return self.run / GIVEN


def first_table(value: object, function: str) -> InMemory | None:
    """Open a first argument; None for a path. Raises TypeError for what is neither."""
    table = table_in_memory(value)
    if table is None and not is_path(value):
        raise TypeError(
            f"curate.{function}() takes {TAKEN}; this is of type {type(value).__name__}."
        )
    return table


@contextmanager
def given_files(run: str | Path | None) -> Iterator[Given]:
    """Give the place of files: the run folder, or one below TMPDIR that is removed at the end.

    A CurateError speaks of keywords, and of tables in memory by what they are.
    """
    if run is not None:
        with _speaking(Given(as_path(run))) as given:
            yield given
        return
    with scratch_folder() as scratch:
        run = scratch / "run"
        given = Given(run, {str(run): "run_dir", all_in(run / CLASSES): "run_dir= keeps them all"})
        with _speaking(given):
            yield given


@contextmanager
def _speaking(given: Given) -> Iterator[Given]:
    try:
        yield given
    except CurateError as error:
        error.args = (spoken(str(error), given.names),)
        raise
