"""What a person is asked: a sample, what is known about it, and what it may be instead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import polars as pl

from curate.verify.pair_answers import pair_name

MOST_SUGGESTIONS = 5

Suggestions = tuple[tuple[str, float | None], ...]
"""Classes, the most likely first, each with its quality if that is known."""


@dataclass(frozen=True)
class Sample:
    """A row of the crawl that a person is asked about."""

    row: int
    key: str
    given: tuple[str, ...]
    """Its label, or its labels."""
    qualities: tuple[float | None, ...]
    """The quality of each label."""
    suggested: Suggestions
    """What else it may be, according to the manifest."""
    caption: str | None
    issue: str | None
    """relabel or outlier; None for lists of labels."""
    alone: bool = False
    """Whether it is one label of an image that may have several."""

    is_single: bool = True
    """Whether the image has one label, and not a list."""

    @property
    def name(self) -> str:
        """What tells it from other samples in a file of answers."""
        return pair_name(self.key, self.given[0]) if self.alone else self.key


def samples(queue: pl.DataFrame, lists: bool) -> Iterator[Sample]:
    """Turn the rows of a queue into samples."""
    for row in queue.iter_rows(named=True):
        given = _distinct(row["label"] if lists else [row["label"]])
        yield Sample(
            row=row["row"],
            key=row["key"],
            given=given,
            qualities=_qualities(row, given, lists),
            suggested=tuple(_suggested(row, given, lists)),
            caption=row.get("caption"),
            issue=None if lists else row.get("issue_kind"),
            is_single=not lists,
        )


def label_by_label(whole: Iterable[Sample]) -> Iterator[Sample]:
    """Turn samples into one for each label: those given, then those suggested."""
    for sample in whole:
        given = tuple(zip(sample.given, sample.qualities, strict=True))
        for label, quality in (*given, *suggestions(sample)):
            yield replace(sample, given=(label,), qualities=(quality,), suggested=(), alone=True)


def suggestions(
    sample: Sample,
    likely: Mapping[str, float] | None = None,
    confused: Sequence[str] = (),
) -> Suggestions:
    """Add ``likely`` classes, and those that its label is ``confused`` with, up to the most.

    ``likely`` are the probabilities of classes if the given labels are wrong, the most likely
    first. A single label is wrong with the probability 1 - quality.
    """
    likely = likely or {}
    found = dict(sample.suggested)
    for label in chain(list(likely)[: MOST_SUGGESTIONS + 1], confused):
        if label not in sample.given:
            found.setdefault(label, None)
    quality = sample.qualities[0] if sample.is_single else 0.0
    wrong = None if quality is None else 1 - quality
    return tuple(
        (label, _probability(likely.get(label), wrong) if value is None else value)
        for label, value in list(found.items())[:MOST_SUGGESTIONS]
    )


def _probability(if_wrong: float | None, wrong: float | None) -> float | None:
    return None if if_wrong is None or wrong is None else if_wrong * wrong


def _distinct(labels: list[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label for label in labels if label))


def _qualities(
    row: dict[str, Any], given: tuple[str, ...], lists: bool
) -> tuple[float | None, ...]:
    if not lists:
        return (row["label_quality"],)
    of = dict(zip(row["label"], row["label_quality"], strict=True))
    return tuple(of[label] for label in given)


def _suggested(
    row: dict[str, Any], given: tuple[str, ...], lists: bool
) -> Iterator[tuple[str, float | None]]:
    """Give the manifest's suggestions, then the labels of `curate refine`."""
    best, quality = row.get("suggested_label"), row.get("suggested_quality")
    found: dict[str, float | None] = {}
    if lists:
        found |= dict(zip(best or [], quality or [], strict=True))
        others = row.get("refined_label") or []
    else:
        found |= {} if best is None else {str(best): quality}
        others = [row.get("refined_label"), *(row.get("refined_classes") or [])]
    for label in others:
        if label is not None:
            found.setdefault(str(label), None)
    return ((label, value) for label, value in found.items() if label not in given)
