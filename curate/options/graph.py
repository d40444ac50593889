"""What --graph says: `wordnet+text:description+hierarchy:edges.csv`."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from curate.errors import CurateError
from curate.store.named import named_file


class Kind(NamedTuple):
    """What may follow a kind's colon."""

    words: tuple[str, ...] = ()
    """Nothing, or one of these."""
    file: str | None = None
    """The path of a file, and an example of its name; None: the kind needs no file."""

    def written(self, name: str) -> list[str]:
        """Give every form in which the kind is written."""
        if self.file is not None:
            return [f"{name}:{self.file}"]
        return [name, *(f"{name}:{word}" for word in self.words)]


WORDNET = "wordnet"
KINDS = {
    WORDNET: Kind(),
    "text": Kind(words=("name", "description", "gloss")),
    "hierarchy": Kind(file="edges.csv"),
    "captions": Kind(),
    "matrix": Kind(file="file.npz"),
}
"""Each is the name of a module in curate/relations/kinds."""
POSSIBLE = "none, or one or a sum (a+b) of " + ", ".join(
    form for name, kind in KINDS.items() for form in kind.written(name)
)
Pooling = Literal["mean", "lstm"]
DEFAULT_TEXT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True)
class Part:
    """One graph of the sum."""

    kind: str
    argument: str = ""
    """Which text, or which file; '' for none."""

    def __str__(self) -> str:
        """Give it as the user writes it."""
        return f"{self.kind}:{self.argument}" if self.argument else self.kind


@dataclass(frozen=True)
class GraphOptions:
    """The options of the class relation graph; raises CurateError as it is made."""

    graph: str = "wordnet"
    text_model: str = DEFAULT_TEXT_MODEL
    text_pooling: Pooling = "mean"
    classes: Path | None = None
    device: str = "auto"
    names: bool = False
    """The classes' names are read, whatever the graph."""

    def __post_init__(self) -> None:
        parse_graph(self.graph)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The graphs that are summed; empty for none."""
        return parse_graph(self.graph)


def parse_graph(spec: str) -> tuple[Part, ...]:
    """Read a sum of graphs; 'none' is the empty one.

    A plus ends a part only where the name of a graph follows: a file's name may have one too.
    Raises CurateError, naming what is possible, for anything else.
    """
    if spec == "none":
        return ()
    parts = tuple(map(_part, re.split(rf"\+(?=(?:{'|'.join(KINDS)})(?:[:+]|$))", spec)))
    twice = [str(part) for part, count in Counter(parts).items() if count > 1]
    if twice:
        raise CurateError(f"--graph {spec} names {twice[0]} twice; name each graph once.")
    return parts


def _part(text: str) -> Part:
    kind, colon, argument = text.partition(":")
    if kind not in KINDS:
        unknown = next((word for word in kind.split("+") if word not in KINDS), kind)
        raise CurateError(f"--graph {unknown} is not known; choose {POSSIBLE}.")
    example, words = KINDS[kind].file, KINDS[kind].words
    if example is not None:
        if not named_file(argument).is_file():
            raise CurateError(
                f"--graph {text}: {f'there is no file {argument}' if argument else 'no file'};"
                f" write {kind}:{example} with the path of a file."
            )
    elif colon and argument not in words:
        raise CurateError(f"--graph {text} is not known; choose {POSSIBLE}.")
    return Part(kind, argument)
