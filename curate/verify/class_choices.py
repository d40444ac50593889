"""The classes that a person may choose from, with what the run knows about them."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from curate.inspect.class_names import class_facts
from curate.manifest.manifest import as_text
from curate.terminal.printable import printable
from curate.weighted.noise_matrix import read_noise_matrix
from curate.weighted.weighted import Weighted

MOST_CONFUSED = 5


@dataclass(frozen=True)
class AskedClasses:
    """All labels of the crawl, sorted."""

    labels: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of labels that are not words, such as n02123045."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    confused: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By given label: the classes that its images seem to show instead, the most common first."""

    def title(self, label: str) -> tuple[str, str]:
        """Return a label's first name and its other names, safe for the terminal."""
        if label not in self.names:
            return printable(label), ""
        first, comma, others = printable(self.names[label]).partition(",")
        return first, comma + others

    def confused_with(self, label: str) -> Sequence[str]:
        """Return the classes that samples with this label often seem to show."""
        return self.confused.get(label, ())

    def find(self, words: str, first: Sequence[str] = ()) -> list[str]:
        """Find the classes whose name or label holds the words, in any case.

        Those in ``first`` come first, then names that begin with the words, names that contain them
        as whole words, and names with a word that begins with them.
        """
        wanted = words.strip().casefold()
        places = {label: at for at, label in enumerate(first)}
        exact = re.escape(wanted)
        tests = (f"^{exact}", rf"\b{exact}\b", rf"\b{exact}", "")

        def rank(label: str) -> tuple[int, int, str]:
            text = self._text(label)
            how = next(at for at, test in enumerate(tests) if re.search(test, text, re.MULTILINE))
            return places.get(label, len(places)), how, self.title(label)[0].casefold()

        return sorted((label for label in self.labels if wanted in self._text(label)), key=rank)

    def _text(self, label: str) -> str:
        return f"{self.names.get(label, '')}\n{label}".casefold()


def asked_classes(weighted: Weighted) -> AskedClasses:
    """Collect the labels of the crawl, and read the run's tables of classes and of confusions."""
    labels = weighted.scan().select("label")
    if weighted.manifest.has_label_lists:
        labels = labels.explode("label")
    distinct = labels.select(as_text(pl.col("label"))).drop_nulls().unique().sort("label")
    known, matrix = class_facts(weighted), read_noise_matrix(weighted.run, weighted.scores)
    return AskedClasses(
        labels=tuple(distinct.collect(engine="streaming")["label"]),
        names=_distinct(_texts(known, "name")),
        definitions=_texts(known, "definition") | _texts(known, "description"),
        confused={} if matrix is None else _confused(matrix),
    )


def _texts(known: pl.DataFrame, column: str) -> dict[str, str]:
    said = known.select("label", column).drop_nulls().filter(pl.col(column) != "")
    return dict(said.iter_rows())


def _distinct(names: dict[str, str]) -> dict[str, str]:
    """Add the label to a name that several classes have, as the two cranes of ImageNet do."""
    times = Counter(names.values())
    return {
        label: name if times[name] == 1 else f"{name} ({label})" for label, name in names.items()
    }


def _confused(counts: pl.DataFrame) -> dict[str, list[str]]:
    others = counts.drop_nulls("true").filter(pl.col("given") != pl.col("true"))
    ordered = others.sort(pl.col("count").cast(pl.Int64), "true", descending=[True, False])
    confused: defaultdict[str, list[str]] = defaultdict(list)
    pairs = ordered.select(pl.col("given", "true").cast(pl.String))
    for given, true in pairs.iter_rows():
        if len(confused[given]) < MOST_CONFUSED:
            confused[given].append(true)
    return dict(confused)
