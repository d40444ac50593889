"""What classes are called in words, where their labels are ids."""

from collections.abc import Mapping

import polars as pl

from curate.steps.graph import CLASSES
from curate.weighted import Weighted


def class_names(weighted: Weighted) -> dict[str, str]:
    """Give a name to each label that is none: what its run took it for.

    Of several names of a synset it is the first. Empty where the run is gone.
    """
    if weighted.run is None:
        return {}
    try:
        table = pl.read_csv(weighted.run / CLASSES, infer_schema=False).select("label", "name")
    except (OSError, pl.exceptions.PolarsError):
        return {}
    named = table.drop_nulls().iter_rows()
    firsts = ((label, name.split(",")[0].strip()) for label, name in named)
    return {label: name for label, name in firsts if name and not _alike(label, name)}


def named(label: str, names: Mapping[str, str]) -> str:
    """Give a label with its name in words, where it has another."""
    return f"{label} {names[label]}" if label in names else label


def _alike(label: str, name: str) -> bool:
    return _letters(label) == _letters(name)


def _letters(text: str) -> str:
    return "".join(c for c in text if c.isalnum()).casefold()
