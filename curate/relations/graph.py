"""The class relation graph of a crawl's classes: S_t, the sum of what --graph names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from shutil import disk_usage
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from curate.errors import CurateError
from curate.manifest.classes import Classes, read_class_file
from curate.manifest.formulas import plain_table
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.options.graph import KINDS, WORDNET, GraphOptions, Part
from curate.relations.captions import CaptionVectors, embed_captions
from curate.relations.class_texts import TextSource
from curate.relations.relation import KINDS_MODULE, Relation, Sources, relation
from curate.relations.senses import ClassTable, class_table
from curate.store.atomic import appearing_file
from curate.store.folders import Folders, write_rows
from curate.store.run import Advance, Run
from curate.store.step import Kept, Made, Step

if TYPE_CHECKING:
    from graphs.wordnet import WordNet

CLASSES = "classes.csv"
RELATIONS = {kind: Step("graph", code=(__name__, f"{KINDS_MODULE}.{kind}")) for kind in KINDS}
"""The matrix of each part of --graph, by its kind."""
SUM = Step("graph", code=(__name__,))

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Graph:
    """What is known about the classes before any image is seen."""

    name: str
    """Names all that the graph was made from."""
    table: ClassTable
    table_name: str
    """Its name among the run's class tables."""
    parts: dict[str, Matrix]
    """The relation matrix (C, C) of each part of --graph, as it was before scaling."""
    relations: Matrix | None
    """S_t (C, C), NaN for classes that no graph knows; None without a graph."""
    stored: str | None
    """The name of S_t among the run's graphs."""
    text: TextSource
    """Embeds the texts about the classes."""
    captions: CaptionVectors | None
    """Of all rows, where they were asked for."""


def relate(
    manifest: Manifest,
    classes: Classes,
    options: GraphOptions,
    run: Run,
    console: Console,
    captioned: Sequence[Shard] = (),
) -> Graph:
    """Make or load the class table, each relation matrix, and their sum S_t.

    What each class was taken for is written down for the user, as classes.csv in the run folder.
    The captions of all rows of the shards ``captioned`` are embedded, beside what a graph needs.
    Raises CurateError for what a graph needs and the crawl lacks.
    """
    stated = {} if options.classes is None else read_class_file(options.classes, classes)
    table_name, table = class_table(classes, options, stated, run, _wordnet)
    text = TextSource(options, table, _wordnet)
    captions = embed_captions(manifest, captioned, run, text) if captioned else None
    sources = Sources(manifest, table, _wordnet, text, console, captions)
    kept = {part: _related(part, relation(part, sources), classes, run) for part in options.parts}
    matrices = {str(part): _loaded(each) for part, each in kept.items()}
    names = [each.name for each in kept.values()]
    total = _sum(list(kept.values()), list(matrices.values()), run)
    relations = None if total is None else _loaded(total)
    name = SUM.named({"classes": classes.names, "parts": names})
    _write_classes(table, options, run.folder / CLASSES)
    stored = None if total is None else total.name
    return Graph(name, table, table_name, matrices, relations, stored, text, captions)


def _write_classes(table: ClassTable, options: GraphOptions, path: Path) -> None:
    """Write classes.csv, unless it is what the user gave with --classes."""
    if options.classes is None or options.classes.resolve() != path.resolve():
        with appearing_file(path) as unfinished:
            plain_table(table).write_csv(unfinished)


@cache
def _wordnet() -> "WordNet":
    """Open WordNet once, where it is needed; importing NLTK takes a second."""
    from graphs.wordnet import open_wordnet

    return open_wordnet()


def _related(part: Part, made: Relation, classes: Classes, run: Run) -> Kept:
    """Make or find the relation matrix of a part."""

    def make(_: Advance) -> Made:
        _require_room(len(classes.names), run.folder)
        blocks = made.make()
        if part.kind != WORDNET:
            blocks = _relating(blocks, part, classes)
        return Made({"relations": partial(write_rows, blocks=blocks)}, {"graph": str(part)})

    facts = {"classes": classes.names, "graph": str(part), "made_from": made.made_from}
    return RELATIONS[part.kind].once(run, facts, make)


def _require_room(classes: int, folder: Path) -> None:
    """Raise CurateError where a matrix (C, C) of float32 is more than the disk has room for."""
    need, free = 4 * classes**2, disk_usage(folder).free
    if need > free:
        raise CurateError(
            f"the relations of {classes:,} classes take {need / 1e9:,.1f} GB, and {folder} has"
            f" {free / 1e9:,.1f} GB free; leave them out with --graph none, name another folder"
            " with --run-dir, or name the column that holds the classes with --label."
        )


def _relating(blocks: Iterator[Matrix], part: Part, classes: Classes) -> Iterator[Matrix]:
    """Raise CurateError at the end of the blocks of rows where no two classes were related."""
    first, pairs = 0, 0
    for S in blocks:
        pairs += (~np.isnan(S)).sum() - (~np.isnan(S.diagonal(first))).sum()
        first += len(S)
        yield S
    if not pairs:
        raise CurateError(
            f"--graph {part} knows fewer than two of the {len(classes.names):,} classes, such as"
            f" '{classes.names[0]}'; choose another graph, or say what the classes are with"
            " --classes FILE."
        )


def _sum(parts: list[Kept], matrices: list[Matrix], run: Run) -> Kept | None:
    """Make or find S_t; None without a part."""
    if len(parts) < 2:
        return parts[0] if parts else None

    def make(_: Advance) -> Made:
        _require_room(len(matrices[0]), run.folder)
        from graphs.blend import blend_rows

        return Made({"relations": partial(write_rows, blocks=blend_rows(matrices))})

    return SUM.once(run, {"sum": [part.name for part in parts]}, make)


def _loaded(kept: Kept) -> Matrix:
    return load_relations(kept.store, kept.name)


def load_relations(store: Folders, name: str) -> Matrix:
    """Load a relation matrix (C, C) of that name."""
    return np.asarray(store.array(name, "relations"), np.float32)
