"""All that the page shows, except its pictures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curate.errors import CurateError
from curate.inspect.class_names import class_names
from curate.inspect.overview import Overview, overview
from curate.report.listing import list_classes, list_pairs, list_samples
from curate.report.names import Names
from curate.report.relation_map import Relations, show_relations
from curate.report.shown_samples import Samples, choose_samples
from curate.report.summary import figures, plots
from curate.report.words import LONGEST_TEXT, day, words
from curate.store.versions import versions
from curate.weighted.provenance import Making
from curate.weighted.verified_share import VerifiedShare
from curate.weighted.weighted import Weighted

LONGEST_COMMAND = 1_000
MOST_CLASSES = 5_000
"""Of more classes, the page lists the worst."""


@dataclass(frozen=True)
class Content:
    """What the template is filled with, and the rows whose pictures go with it."""

    said: dict[str, object]
    rows: list[int]


def gather(
    weighted: Weighted, title: str | None, limit: int, verified: VerifiedShare | None = None
) -> Content:
    """Count, choose samples, and write the texts; ``verified`` is as in `overview`."""
    counted = overview(weighted, verified)
    listed = counted.classes["label"].head(MOST_CLASSES).to_list()
    names = Names(listed, class_names(weighted))
    samples = choose_samples(weighted, names.listed, limit)
    relations = _relations(weighted, names)
    near = {} if relations is None else relations.near
    share = "flagged" if counted.noise is None else "wrong"
    title = words(title or weighted.path.name, LONGEST_TEXT)
    data = {
        "title": title,
        "note": _note(counted, names, samples),
        "classes": list_classes(counted, names, samples, near),
        "samples": list_samples(samples, names),
        "pairs": list_pairs(counted, names),
        "map": relations
        and {"shown": relations.shown, "low": relations.low, "high": relations.high},
    }
    shown = figures(counted)
    said: dict[str, object] = {
        "title": title,
        "figures": shown,
        "share": next((figure.name for figure in shown if figure.alarming), None),
        "plots": plots(counted, share),
        "estimated": counted.noise is not None,
        "map": relations,
        "classes": len(counted.classes),
        "made": _makings(weighted.origin.made),
        "skipped": [words(each, LONGEST_COMMAND) for each in weighted.origin.skipped],
        "version": versions()["curate"],
        "data": data,
    }
    return Content(said, samples.rows["row"].to_list())


def _relations(weighted: Weighted, names: Names) -> Relations | None:
    """Open the relations that the weights were made with; None without them or the run."""
    try:
        work = weighted.work()
    except CurateError:
        return None
    if work.relations is None or not set(work.classes) & set(names.listed):
        return None
    return show_relations(work.relations, work.classes, names)


def _note(counted: Overview, names: Names, samples: Samples) -> str:
    """Say what the page leaves out of a very large crawl."""
    listed, all_ = len(names.listed), len(counted.classes)
    shown = len(samples.suspects)
    if listed < all_:
        return f"The worst {listed:,} of {all_:,}; pictures of the worst {shown:,}."
    return f"Pictures of the worst {shown:,} of {all_:,}." if 0 < shown < listed else ""


def _makings(made: Sequence[Making]) -> list[dict[str, object]]:
    """Tell when each command that made the file ran, with which options and versions."""
    return [
        {
            "day": day(each.day),
            "command": words(each.command, LONGEST_COMMAND),
            "options": _flat(each.options),
            "versions": _flat(each.versions),
        }
        for each in made
    ]


def _flat(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return facts as rows of text, without those that have no value."""
    return [
        (words(name), words(value if isinstance(value, str) else json.dumps(value), LONGEST_TEXT))
        for name, value in facts.items()
        if value not in (None, "")
    ]
