"""Match names of classes as people write them: the same name in other bytes is the same class."""

import difflib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

UNSEEN = dict.fromkeys(
    (0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x2065),
     *range(0x2066, 0x206A), 0xFEFF)
)  # fmt: skip
"""Characters of no width that editors leave behind: zero width space, byte order mark, soft hyphen,
marks of direction. Joiners (U+200C, U+200D) tell words apart in some scripts, and are kept."""
NEAR = 0.75
"""Least similarity (difflib's ratio) at which a name is suggested for another."""


def canonical(text: str) -> str:
    """Return a name in NFC, its blanks trimmed and each run of them one space."""
    return " ".join(unicodedata.normalize("NFC", text).translate(UNSEEN).split())


def as_text(values: pl.Series) -> pl.Series:
    """Write values as text; pandas makes decimals of whole numbers where there are nulls."""
    if values.dtype.is_float() and (values.drop_nulls().fill_nan(0) % 1 == 0).all():
        values = values.fill_nan(None).cast(pl.Int64)
    return values.cast(pl.String)


@dataclass(frozen=True)
class Matched:
    """Names as they were written, and the classes that they name."""

    classes: dict[str, str]
    """Written name -> the class that it names."""
    unknown: tuple[str, ...]
    """Written names that name no class, or not clearly one."""

    @property
    def respelled(self) -> dict[str, str]:
        """The written names that are not exactly the class's."""
        return {name: found for name, found in self.classes.items() if name != found}


def match(written: Iterable[str], classes: Sequence[str]) -> Matched:
    """Find the class of each name: the same text, else the only one but for its form, then case."""
    forms = (lambda name: name, canonical, lambda name: canonical(name).casefold())
    left, found = list(written), dict[str, str]()
    for form in forms:
        of_form = defaultdict[str, list[str]](list)
        for name in classes if left else ():
            of_form[form(name)].append(name)
        # .get: a defaultdict would grow with each question.
        named = {name: of_form.get(form(name), []) for name in left}
        found |= {name: candidates[0] for name, candidates in named.items() if len(candidates) == 1}
        left = [name for name in left if name not in found]
    return Matched(found, tuple(left))


def nearest(name: str, classes: Sequence[str]) -> str | None:
    """Return the class that a person who wrote this is likely to have meant, if any."""
    folded = {canonical(other).casefold(): other for other in classes}
    near = difflib.get_close_matches(canonical(name).casefold(), folded, 1, NEAR)
    return folded[near[0]] if near else None


def spelled(labels: pl.LazyFrame) -> tuple[Counter[str], list[tuple[str, ...]]]:
    """Count the rows of each class in the column label, under its commonest spelling.

    Returns also the spellings of each class, the commonest first.
    """
    table = labels.group_by("label").len().drop_nulls().collect(engine="streaming")
    spellings: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for written, count in table.sort("len", "label", descending=[True, False]).iter_rows():
        name = canonical(written)
        if name:
            spellings.setdefault(name, []).append(written)
            counts[spellings[name][0]] += count
    return counts, [*map(tuple, spellings.values())]
