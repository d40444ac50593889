"""What `curate inspect` found, as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from curate.duplicates.told import CopyCounts
from curate.inspect.overview import BINS, Histogram, Overview
from curate.inspect.sample import Sample, Values
from curate.inspect.select_samples import Selected
from curate.store.urls import shown_urls
from curate.weighted.weighted import Weighted

DIGITS = 7
"""Of numbers that curate computed."""
VERSION = 1
"""Raised when a field changes its meaning or is removed; fields may be added at any time."""


def overview_json(
    weighted: Weighted, found: Overview, selected: Selected, names: Mapping[str, str]
) -> str:
    """Write the summary and the selected samples as one JSON object.

    - ``version``: 1. ``weighted``: the file.
    - ``made``: the commands that made the file: command, options, versions, day; empty if it
      does not say. ``skipped``: what was passed over in the crawl: what, count, examples.
    - ``summary``: the counts of `Counts`, ``examples`` (some keys of each status except ok),
      ``noise`` and ``range_of_wrong`` (low, high; null if not known; where they are more than
      .6 apart, the images do not tell ``noise``), ``verified`` (null, or the
      fields of `VerifiedShare`: what verified rows tell of the share of wrong labels), ``copies``,
      ``copied`` (pictures that they show), ``conflicts`` (those of these with different labels)
      and ``placeholders`` (row, rows, labels, key), all four null if copies were not looked for,
      ``refined``, ``classes`` (how many), and ``quality`` and ``weight``: histograms of ``edges``
      and ``counts``.
    - ``classes``: for each label, worst first: label, name (or null), rows,
      judged, unjudged, flagged, relabel, outlier, mean_quality, mean_weight, wrong.
    - ``confusions``: given, suggested, count; see `Overview.confusions`.
    - ``found``: how many samples (labels, with ``lists``) match. ``samples``: the
      first of them: row (from 0), key, label, caption, and the columns of curate without a
      prefix. An image with several labels has one of them here, with its values.
    """
    summary = {name: getattr(found, name) for name in COUNTED}
    summary |= _copies(found.copy_counts)
    summary |= {"verified": found.verified and found.verified.as_json()}
    summary |= {"statuses": dict(found.statuses), "classes": len(found.classes)}
    summary |= {"examples": {status: list(keys) for status, keys in found.examples.items()}}
    summary |= {"quality": _histogram(found.quality), "weight": _histogram(found.weight)}
    classes = [row | {"name": names.get(str(row["label"]))} for row in _dicts(found.classes)]
    return _text(
        {
            "version": VERSION,
            "weighted": shown_urls(str(weighted.path)),
            "made": [made.as_json() for made in weighted.origin.made],
            "skipped": [asdict(skipped) for skipped in weighted.origin.skipped],
            "summary": _rounded(summary),
            "classes": classes,
            "confusions": found.confusions.to_dicts(),
            "found": selected.found,
            "samples": _dicts(selected.samples),
        }
    )


COUNTED = ("rows", "lists", "unlabelled", "labels", "judged", "unjudged", "little_known",
           "flagged", "relabel", "outlier", "zero_weight", "missing", "incomplete", "failed",
           "noise", "range_of_wrong", "refined")  # fmt: skip


def sample_json(weighted: Weighted, sample: Sample, names: Mapping[str, str]) -> str:
    """Write one sample as a JSON object.

    - ``version``, ``weighted``: as in `overview_json`.
    - ``sample``: row, key, label, caption and the columns of curate. ``columns``: all columns as
      the files have them; bytes are null.
    - ``gone``: null, or a sentence that says why ``around`` is not known.
    - ``around``: null if it is not known, or ``label`` (its class), ``rank`` and ``cosine`` of
      that among the judged ``classes`` (rank null: it is not judged), ``look`` and ``graph`` (lists
      of label, name, value: the nearest classes by the cosine to their prototypes, and to its
      class by the relation graph), and ``neighbours`` (row, key, cosine: the nearest samples of
      its class).
    """
    around, near = sample.around, None
    if around is not None:
        rows = [row for row, _ in around.neighbours]
        keys = weighted.read(rows)["key"].to_list()
        near = {
            "label": sample.label,
            "rank": around.rank,
            "classes": around.classes,
            "cosine": around.own,
            "look": _named(around.look, names),
            "graph": _named(around.graph, names),
            "neighbours": [
                {"row": row, "key": key, "cosine": cosine}
                for (row, cosine), key in zip(around.neighbours, keys, strict=True)
            ],
        }
    facts = _dicts(sample.known)[0]
    return _text(
        {
            "version": VERSION,
            "weighted": shown_urls(str(weighted.path)),
            "sample": facts,
            "columns": _plain(sample.columns),
            "around": near,
            "gone": sample.gone or None,
        }
    )


def _copies(counts: CopyCounts | None) -> dict[str, object]:
    """Count copies, the pictures that they show, and those of these with different labels."""
    if counts is None:
        return dict.fromkeys(("copies", "copied", "conflicts", "placeholders"))
    return {
        "copies": counts.copies,
        "copied": counts.groups,
        "conflicts": counts.conflicts,
        "placeholders": [asdict(each) for each in counts.placeholders],
    }


def _named(values: Values, names: Mapping[str, str]) -> list[dict[str, object]]:
    return [{"label": label, "name": names.get(label), "value": v} for label, v in values]


def _histogram(shown: Histogram) -> dict[str, Sequence[float]]:
    edges = [shown.top * at / BINS for at in range(BINS + 1)]
    return {"edges": edges, "counts": shown.counts}


def _rounded(value: object) -> object:
    """Leave out the last digits of numbers, which are of arithmetic."""
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}")
        case dict():
            return {key: _rounded(part) for key, part in value.items()}
        case list() | tuple():
            return [_rounded(part) for part in value]
    return value


def _dicts(ours: pl.DataFrame) -> list[dict[str, object]]:
    """Give the rows of our columns, and of keys and labels; their numbers are of few digits."""
    return [{name: _rounded(value) for name, value in row.items()} for row in ours.to_dicts()]


def _plain(value: object) -> object:
    """Replace bytes and NaN by null."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, bytes) or (isinstance(value, float) and value != value):
        return None
    return value


def _text(facts: dict[str, object]) -> str:
    """Write ASCII only, so that characters that control a terminal are escaped."""
    return json.dumps(_plain(facts), indent=1, default=str) + "\n"
