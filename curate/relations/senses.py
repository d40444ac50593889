"""The class table: the name, synset and description of each class."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from curate.errors import CurateError
from curate.manifest.classes import Classes
from curate.options.graph import GraphOptions
from curate.store.run import Advance, Run
from curate.store.step import Made, Step

if TYPE_CHECKING:
    from graphs.wordnet import WordNet


CLASSES = Step("classes", code=(__name__,))
TABLE = "classes"

Stated = Mapping[str, Mapping[str, str]]
"""What --classes says of a label: synset, name, description."""
ClassTable = pl.DataFrame
"""A row for each class: label, rows, name and description, which is the user's; with senses also
synset, definition, chosen and runner_up."""


def class_table(
    classes: Classes,
    options: GraphOptions,
    stated: Stated,
    run: Run,
    wordnet: Callable[[], "WordNet"],
) -> tuple[str, ClassTable]:
    """Make or load the class table; returns its folder's name too.

    WordNet is opened only where the graphs need its senses.
    """
    senses = _need_senses(classes.names, options, stated)
    facts = {"classes": classes.names, "stated": stated, "senses": senses}

    def make(_: Advance) -> Made:
        return Made({TABLE: _table(classes.names, stated, wordnet() if senses else None)})

    kept = CLASSES.once(run, facts, make)
    counts = pl.Series("rows", classes.counts)
    return kept.name, kept.table(TABLE).insert_column(1, counts)


def _need_senses(names: Sequence[str], options: GraphOptions, stated: Stated) -> bool:
    """Tell whether WordNet is needed: not where the user or the labels already say everything."""
    from graphs.class_texts import is_synset

    parts = {str(part) for part in options.parts}
    if "wordnet" in parts:
        return True
    described = parts & {"text", "text:description", "text:gloss"} or (
        "text:name" in parts and options.text_pooling == "lstm"
    )
    if described and not all("description" in stated.get(name, {}) for name in names):
        return True
    unnamed = (name for name in names if "name" not in stated.get(name, {}))
    read = options.names or bool(parts & {"text:name", "text:gloss"})
    return read and any(map(is_synset, unnamed))


def _table(names: Sequence[str], stated: Stated, wordnet: "WordNet | None") -> ClassTable:
    from graphs.class_texts import class_name

    facts = [stated.get(label, {}) for label in names]
    columns: dict[str, list[str | None]] = {"label": list(names)}
    lemmas: list[tuple[str, ...]] = [()] * len(names)
    senses: dict[str, list[str | None]] = {}
    if wordnet is not None:
        senses = _senses(names, stated, wordnet)
        lemmas = [wordnet.synset(name).lemmas if name else () for name in senses["synset"]]
    columns["name"] = [
        said.get("name") or class_name(label, words)
        for said, label, words in zip(facts, names, lemmas, strict=True)
    ]
    columns["description"] = [said.get("description") for said in facts]
    return pl.DataFrame(columns | senses, schema=dict.fromkeys(columns | senses, pl.String))


def _senses(
    names: Sequence[str], stated: Stated, wordnet: "WordNet"
) -> dict[str, list[str | None]]:
    from graphs.senses import choose_senses

    overrides = {label: facts["synset"] for label, facts in stated.items() if "synset" in facts}
    try:
        senses = choose_senses(names, wordnet, overrides)
    except ValueError as error:
        raise CurateError(f"--classes: {error}") from error
    return {
        "synset": [sense.synset for sense in senses],
        "definition": [sense.definition for sense in senses],
        "chosen": [sense.how for sense in senses],
        "runner_up": [sense.runner_up for sense in senses],
    }
