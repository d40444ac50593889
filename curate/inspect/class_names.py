"""The names of classes whose labels are ids."""

from collections.abc import Mapping

import polars as pl

from curate.relations import senses
from curate.relations.graph import CLASSES
from curate.store.run import Run
from curate.weighted.weighted import Weighted

FACTS = ("label", "name", "definition", "description", "synset")
"""Columns of the class table that tell a person what a label means."""


def class_names(weighted: Weighted) -> dict[str, str]:
    """Return the names of labels that are ids, as the run understood them; empty if it is gone."""
    return names_of(class_facts(weighted))


def names_of(classes: pl.DataFrame) -> dict[str, str]:
    """Return the names of labels that are ids, from a table of classes: label, name.

    Of several names of a synset it is the first.
    """
    named = classes.select(pl.col("label", "name").cast(pl.String)).drop_nulls().iter_rows()
    firsts = ((label, name.split(",")[0].strip()) for label, name in named)
    return {label: name for label, name in firsts if name and not alike(label, name)}


def class_facts(weighted: Weighted) -> pl.DataFrame:
    """Read what the classes are, as the run understood them: FACTS, as text; no rows if it is gone.

    If the output does not say how it was made, this is read from the last run in the folder.
    """
    empty = pl.DataFrame(schema=dict.fromkeys(FACTS, pl.String))
    try:
        found = _table(weighted).select(pl.all().cast(pl.String))
    except (OSError, pl.exceptions.PolarsError):
        return empty
    return pl.concat([empty, found], how="diagonal").select(FACTS)


def _table(weighted: Weighted) -> pl.DataFrame:
    if weighted.run is None:
        raise FileNotFoundError
    made_of = weighted.names_of_work
    if made_of is None or not made_of.class_table:
        return pl.read_csv(weighted.run / CLASSES, infer_schema=False)
    return Run(weighted.run).step(senses.CLASSES.name).table(made_of.class_table, senses.TABLE)


def named(label: str, names: Mapping[str, str]) -> str:
    """Write a label, followed by its name if it has one."""
    return f"{label} {names[label]}" if label in names else label


def alike(label: str, name: str) -> bool:
    """Tell whether a name only repeats its label."""
    return _letters(label) == _letters(name)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).casefold()
