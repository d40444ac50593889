"""All that the page says, but its pictures."""

import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from curate.errors import CurateError
from curate.report.listing import list_classes, list_pairs, list_samples
from curate.report.names import Names
from curate.report.relations import Relations, show_relations
from curate.report.samples import Samples, choose_samples
from curate.report.summary import figures, plots
from curate.report.words import LONGEST_TEXT, day, words
from curate.review.names import class_names
from curate.review.overview import Overview, overview
from curate.run import Run
from curate.weighted import Weighted

MOST_CLASSES = 5_000
"""The page lists the worst of more."""


@dataclass(frozen=True)
class Content:
    """What the template is filled with, and the rows whose pictures go with it."""

    said: dict[str, object]
    rows: list[int]


def gather(weighted: Weighted, title: str | None, limit: int) -> Content:
    """Count, choose samples, and put it all in words."""
    counted = overview(weighted)
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
    said = {
        "title": title,
        "figures": figures(counted),
        "plots": plots(counted, share),
        "estimated": counted.noise is not None,
        "map": relations,
        "classes": len(counted.classes),
        "run": _run(weighted.run),
        "version": version("curate"),
        "data": data,
    }
    return Content(said, samples.rows["row"].to_list())


def _relations(weighted: Weighted, names: Names) -> Relations | None:
    """Open the relations that the weights were made with; None where they are gone, or none."""
    try:
        work = weighted.work()
    except CurateError:
        return None
    return None if work.relations is None else show_relations(work.relations, work.classes, names)


def _note(counted: Overview, names: Names, samples: Samples) -> str:
    """Say what of a very large crawl the page leaves out."""
    listed, all_ = len(names.listed), len(counted.classes)
    shown = len(samples.suspects)
    if listed < all_:
        return f"The worst {listed:,} of {all_:,}; pictures of the worst {shown:,}."
    return f"Pictures of the worst {shown:,} of {all_:,}." if shown < listed else ""


def _run(folder: Path | None) -> dict[str, object] | None:
    """Read the options, versions and the day of the last run in the folder."""
    try:
        facts = Run(folder).recorded() if folder else {}
    except ValueError:
        return None
    if not facts:
        return None
    parts = {part: _flat(facts.get(part, {})) for part in ("options", "versions")}
    return {"day": day(str(facts.get("time"))), **parts}


def _flat(facts: dict[str, object], before: str = "") -> list[tuple[str, str]]:
    """Give nested facts as rows of text, without those that were left open."""
    rows: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{before}{name}.")
        elif value not in (None, ""):
            text = value if isinstance(value, str) else json.dumps(value)
            rows.append((words(before + name), words(text, LONGEST_TEXT)))
    return rows
