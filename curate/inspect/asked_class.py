"""Find the class that a person means, by its label or by its name."""

from collections.abc import Iterator, Mapping

import polars as pl

from curate.errors import CurateError
from curate.inspect.class_names import class_facts
from curate.terminal.printable import brief, listed
from curate.weighted.weighted import Weighted

MOST_NAMED = 4


def find_class(weighted: Weighted, option: str, said: str | None) -> str | None:
    """Return the label of the class that is named, by a label, a name as it is shown, or a synset.

    A text that names no class is returned unchanged. Raises CurateError if it names several.
    """
    if said is None:
        return None
    facts = class_facts(weighted)
    if said in facts["label"]:
        return said
    for tier in _tiers(facts):
        found = sorted(label for label, names in tier.items() if _letters(said) in names)
        if len(found) == 1:
            return found[0]
        if found:
            raise CurateError(
                f"{option} {brief(said)} is the name of {len(found):,} classes:"
                f" {listed(found, MOST_NAMED)}; name one by its label."
            )
    return said


def _tiers(facts: pl.DataFrame) -> Iterator[Mapping[str, set[str]]]:
    """Yield the names of classes by label, in tiers: those nearest to the label first."""
    labels = facts["label"].to_list()
    names = [[name.strip() for name in (text or "").split(",")] for text in facts["name"]]
    synsets = [text or "" for text in facts["synset"]]
    of_tiers = (
        [[label] for label in labels],
        [[first, f"{label} {first}"] for label, (first, *_) in zip(labels, names, strict=True)],
        names,
        [[synset, synset.split(".")[0]] for synset in synsets],
    )
    for tier in of_tiers:
        yield {
            label: {_letters(name) for name in called if name}
            for label, called in zip(labels, tier, strict=True)
        }


def _letters(name: str) -> str:
    """Remove what spellings of a name may differ in: case, spaces and underscores."""
    return " ".join(name.replace("_", " ").split()).casefold()
