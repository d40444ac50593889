"""One relation matrix of the sum: what it is made from, and how; a function a kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.manifest import Manifest
from curate.options.graph import Part
from curate.relations.caption_means import caption_facts, mean_captions
from curate.relations.captions import CaptionVectors
from curate.relations.class_texts import TextSource
from curate.relations.graph_files import read_edges, read_matrix
from curate.relations.senses import ClassTable
from curate.store.fingerprint import file_content

if TYPE_CHECKING:
    from graphs.wordnet import WordNet

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Sources:
    """What the crawl and the user give to make relations from."""

    manifest: Manifest
    table: ClassTable
    wordnet: Callable[[], "WordNet"]
    text: TextSource
    console: Console
    captions: Callable[[TextSource], CaptionVectors] | None = None
    """Makes or finds the embeddings of all captions, where more than the graph needs them."""

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
    """Another value, another matrix."""
    make: Callable[[], Iterator[Matrix]]
    """Gives it by blocks of rows."""


def relation(part: Part, sources: Sources) -> Relation:
    """Say how one part of --graph is made; raises CurateError for what is not there to make it."""
    return _KINDS[part.kind](part.argument, sources)


def _wordnet(_: str, sources: Sources) -> Relation:
    def make() -> Iterator[Matrix]:
        from graphs.wordnet import wordnet_rows

        unknown = np.array([synset is None for synset in sources.synsets])
        first = 0
        for S in wordnet_rows(sources.synsets, sources.wordnet()):
            S[unknown[first : first + len(S)]] = S[:, unknown] = np.nan
            first += len(S)
            yield S

    return Relation({"synsets": sources.synsets}, make)


def _text(which: str, sources: Sources) -> Relation:
    def make() -> Iterator[Matrix]:
        from graphs.text import cosine_rows

        return cosine_rows(sources.text.embed_classes(which))

    return Relation(sources.text.made_from, make)


def _captions(_: str, sources: Sources) -> Relation:
    def make() -> Iterator[Matrix]:
        from graphs.text import cosine_rows

        read = None if sources.captions is None else sources.captions(sources.text)
        return cosine_rows(
            mean_captions(sources.manifest, sources.classes, sources.text, read, sources.console)
        )

    rounded = {} if sources.captions is None else {"rounded": True}
    return Relation(caption_facts(sources.manifest) | sources.text.model_facts | rounded, make)


def _hierarchy(file: str, sources: Sources) -> Relation:
    def make() -> Iterator[Matrix]:
        from graphs.hierarchy import hierarchy_graph

        edges = read_edges(Path(file))
        yield _checked(file, "hierarchy", lambda: hierarchy_graph(sources.classes, edges))

    return Relation(file_content(Path(file)), make)


def _matrix(file: str, sources: Sources) -> Relation:
    def make() -> Iterator[Matrix]:
        from graphs.matrix import matrix_graph

        S, names = read_matrix(Path(file))
        yield _checked(file, "matrix", lambda: matrix_graph(sources.classes, S, names))

    return Relation(file_content(Path(file)), make)


def _checked(file: str, kind: str, make: Callable[[], Matrix]) -> Matrix:
    try:
        return make()
    except ValueError as error:
        raise CurateError(f"--graph {kind}:{file}: {error}") from error


_KINDS: dict[str, Callable[[str, Sources], Relation]] = {
    "wordnet": _wordnet,
    "text": _text,
    "hierarchy": _hierarchy,
    "captions": _captions,
    "matrix": _matrix,
}
