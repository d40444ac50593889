"""The classes and samples of the page, as its script reads them."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import polars as pl

from curate.inspect.overview import Overview
from curate.report.names import Names
from curate.report.shown_samples import Samples
from curate.report.words import LONGEST_TEXT, number, words

MOST_PAIRS = 24
MOST_CONFUSED = 6
"""Classes that images of one class show instead: so many are listed in its view."""
DIGITS = 4
OF_CLASS = ("rows", "judged", "flagged", "relabel", "outlier")
OF_LABELS = ("label", "suggested_label", "refined_label", "refined_classes")
"""Columns that hold labels."""
TITLES = {
    "label": "given",
    "issue_kind": "flagged as",
    "duplicate_of": "copy of",
    "duplicates": "rows with this picture",
}
ELSEWHERE = ("row", "caption", "is_label_issue", "status")
"""Columns that the list of a sample's facts leaves out, as they are shown elsewhere."""

Json = dict[str, object]
Near = Mapping[str, Sequence[tuple[str, float]]]
"""By label: other labels and their relation to it, nearest first."""


def list_classes(overview: Overview, names: Names, samples: Samples, near: Near) -> list[Json]:
    """List what the row and the view of each listed class show; pairs are (class, number).

    Its share is the estimated share of wrong labels or, if that is not known, of flagged ones.
    """
    place_of = {row: at for at, row in enumerate(samples.rows["row"])}
    confused: dict[str, list[tuple[int | str, int]]] = {label: [] for label in names.listed}
    for given, suggested, count in overview.confusions.iter_rows():
        if given in confused and len(confused[given]) < MOST_CONFUSED:
            confused[given].append((names.place(suggested), count))
    judged = pl.col("judged") > 0
    rows = overview.classes.head(len(names.listed)).select(
        "label",
        *OF_CLASS,
        wrong=pl.when(judged).then("wrong").round(DIGITS),
        share=pl.when(judged)
        .then(pl.coalesce("wrong", pl.col("flagged") / pl.col("judged")))
        .round(DIGITS),
        quality=pl.col("mean_quality").cast(float).round(DIGITS),
        weight=pl.col("mean_weight").cast(float).round(DIGITS),
    )
    return [
        row
        | {
            "name": names.name(row["label"]),
            "label": words(row["label"]),
            "confused": confused[row["label"]],
            "near": [(names.place(other), round(S, 2)) for other, S in near.get(row["label"], ())],
            "suspects": [place_of[sample] for sample in samples.suspects.get(row["label"], ())],
            "good": [place_of[sample] for sample in samples.good.get(row["label"], ())],
        }
        for row in rows.iter_rows(named=True)
    ]


def list_samples(samples: Samples, names: Names) -> list[Json]:
    """List what the card and the large view of each sample show."""
    shown_as: dict[int, set[str]] = {row: set() for row in samples.rows["row"]}
    for label, rows in chain(samples.suspects.items(), samples.good.items()):
        for row in rows:
            shown_as[row].add(label)
    return [_sample(row, shown_as[row["row"]], names) for row in samples.rows.iter_rows(named=True)]


def list_pairs(overview: Overview, names: Names) -> list[tuple[int | str, int | str, int]]:
    """Return the strongest confusions: given, suggested, count."""
    return [
        (names.place(given), names.place(suggested), count)
        for given, suggested, count in overview.confusions.head(MOST_PAIRS).iter_rows()
    ]


def _sample(row: Json, shown_as: set[str], names: Names) -> Json:
    labels, qualities = _several(row["label"]), _several(row["label_quality"])
    kinds = _several(row.get("issue_kind")) or [None] * len(labels)
    suggested = _several(row.get("suggested_label"))
    said = row | {name: _named(row[name], names) for name in OF_LABELS if name in row}
    return {
        "key": words(row["key"]),
        "caption": words(row.get("caption") or "", LONGEST_TEXT),
        "fits": words(", ".join(map(names.name, suggested))),
        "fitting": [_rounded(value) for value in _several(row.get("suggested_quality"))],
        "others": [names.place(label) for label in suggested],
        "of": {
            names.place(label): {"quality": _rounded(quality), "kind": kind}
            for label, quality, kind in zip(labels, qualities, kinds, strict=True)
            if label in shown_as
        },
        "facts": [
            (TITLES.get(name, name.replace("_", " ")), number(value))
            for name, value in said.items()
            if name not in ELSEWHERE and value is not None
        ],
    }


def _several(value: object) -> list[Any]:
    """Return the elements of a list; any other value becomes a list of one, None an empty one."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _named(value: object, names: Names) -> object:
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names.full(value) if isinstance(value, str) else value


def _rounded(value: object) -> float | None:
    return round(value, DIGITS) if isinstance(value, float) else None
