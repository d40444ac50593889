"""One relation matrix of the sum: what it is made from, and how."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.options.graph import Part
from curate.relations.captions import CaptionVectors
from curate.relations.class_texts import TextSource
from curate.relations.senses import ClassTable

if TYPE_CHECKING:
    from graphs.wordnet import WordNet

Matrix = NDArray[np.float32]
KINDS_MODULE = "curate.relations.kinds"


@dataclass(frozen=True)
class Sources:
    """What relations are made from: the crawl, and what the user gave."""

    manifest: Manifest
    table: ClassTable
    wordnet: Callable[[], "WordNet"]
    text: TextSource
    console: Console
    captions: CaptionVectors | None
    """Of all rows, where more than the graph needs them."""

    @property
    def classes(self) -> list[str]:
        """The labels, in order."""
        return self.table["label"].to_list()

    @property
    def synsets(self) -> list[str | None]:
        """Their synsets, in order."""
        return self.table["synset"].to_list()


@dataclass(frozen=True)
class Relation:
    """One relation matrix (C, C), NaN for classes that it does not know."""

    made_from: dict[str, object]
    """Changes when the matrix changes."""
    make: Callable[[], Iterator[Matrix]]
    """Makes the matrix, in blocks of rows."""


def relation(part: Part, sources: Sources) -> Relation:
    """Say how one part of --graph is made, by the module of that name in `curate.relations.kinds`.

    Raises CurateError if something that the part needs is missing.
    """
    made: Relation = resolve_name(f"{KINDS_MODULE}.{part.kind}:relation")(part.argument, sources)
    return made


def from_file(part: str, make: Callable[[], Matrix]) -> Iterator[Matrix]:
    """Give a matrix that a user's file describes; raises CurateError for a file that is wrong."""
    try:
        yield make()
    except ValueError as error:
        raise CurateError(f"--graph {part}: {error}") from error
