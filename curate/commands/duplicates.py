"""`curate duplicates`: the groups of copies in a weighted manifest, as rows of pictures."""

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.text import Text

from curate.duplicates.told import SHOWN_PLACEHOLDERS
from curate.inspect.cards import labels_text, sample_cards
from curate.inspect.class_names import class_names
from curate.inspect.copy_groups import CopyGroups, copy_groups
from curate.inspect.gallery import show_cards
from curate.inspect.terminal_pictures import Pictures, choose_pictures
from curate.options.duplicates import DuplicatesOptions
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.store.urls import shown_urls
from curate.terminal.printable import brief, counted, printable
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

VERSION = 2
"""Of the JSON. Raised when a field changes its meaning or is removed; fields may be added."""
UNCUT = 1000
"""Columns of what is piped: nothing is cut."""
SHOWN = 6
"""Pictures of a group: the first row of each label, then others."""
LABELS = 5
"""Labels of a group that are named."""
Labels = str | list[str] | None
"""Of a row."""


def show_duplicates(
    options: DuplicatesOptions, console: Console | None = None, quiet: bool = False
) -> None:
    """Show the groups of copies, those with different labels first.

    Raises CurateError when the manifest has not been weighed, or not with its copies.
    """
    if console is None:
        console = Console(width=None if sys.stdout.isatty() else UNCUT, quiet=quiet)
    with scratch_folder() as folder:
        weighted = open_weighted(options.source, Folders(folder))
        found = copy_groups(weighted)
        if options.as_json:
            console.file.write(_json(weighted, found, options.limit))
            return
        kind = Pictures.NONE
        if weighted.manifest.columns.image is not None:
            kind = choose_pictures(Pictures(options.pictures), console, os.environ)
        console.print(Text(_summary(found, weighted.manifest.has_label_lists, options.limit)))
        names = class_names(weighted)
        for group in found.groups.head(options.limit).iter_rows(named=True):
            rows = _shown(group["rows"], group["labels"])
            cards = sample_cards(weighted, weighted.read(rows), names, kind)
            console.print()
            show_cards(console, _title(group["labels"], names, len(rows)), cards, kind)


def _summary(found: CopyGroups, lists: bool, limit: int) -> str:
    if not len(found.groups):
        return "No row shows what another row shows."
    counts = found.counts
    said = [
        f"Copies of an earlier row: {counts.copies:,}; groups: {counts.groups:,};"
        f" {counts.different(lists)}.",
        *(f"{printable(str(each))}." for each in counts.placeholders[:SHOWN_PLACEHOLDERS]),
    ]
    if limit < counts.groups:
        said.append(f"{limit:,} of {counts.groups:,} groups shown; --limit shows more.")
    return "\n".join(said)


def _title(labels: Sequence[Labels], names: Mapping[str, str], shown: int) -> str:
    """Count a group's rows by their labels, the commonest first, and say how many are shown."""
    counts = Counter(labels_text(label, names) for label in labels).most_common()
    said = [f"{count:,} {brief(label or 'no label')}" for label, count in counts[:LABELS]]
    more = f" and {counted(len(counts) - LABELS, 'label')} more" if len(counts) > LABELS else ""
    of = f" ({shown:,} of {len(labels):,} rows shown)" if shown < len(labels) else ""
    return f"{len(labels):,} rows: {'; '.join(said)}{more}{of}"


def _shown(rows: Sequence[int], labels: Sequence[Labels]) -> list[int]:
    """Choose the rows of a group that are shown: the first of each label before any other."""
    firsts = {str(label): row for row, label in reversed([*zip(rows, labels, strict=True)])}
    chosen = sorted(firsts.values())
    return (chosen + [row for row in rows if row not in set(chosen)])[:SHOWN]


def _json(weighted: Weighted, found: CopyGroups, limit: int) -> str:
    """Write the counts and the first groups as one JSON object.

    - ``version``: 2 (in 1, a list of labels was one text). ``weighted``: the file. ``copies``,
      ``conflicts``: rows, groups. ``wrong``: see `CopyCounts`.
    - ``placeholders``: pictures that are all over the crawl: row (from 0), rows, labels, key.
    - ``found``: how many groups there are. ``groups``: the first of them: ``representative`` (a
      key), ``rows`` (from 0), ``keys`` and ``labels`` of all its rows (each of these a list where
      images have lists), and ``different``: how many labels, or sets of them, these are. Without
      keys, the number of a row stands for its key.
    """
    said = {
        "version": VERSION,
        "weighted": shown_urls(str(weighted.path)),
        "copies": found.counts.copies,
        "conflicts": found.counts.conflicts,
        "wrong": found.counts.wrong,
        "placeholders": [asdict(each) for each in found.counts.placeholders],
        "found": len(found.groups),
        "groups": found.groups.head(limit).to_dicts(),
    }
    return json.dumps(said, indent=1) + "\n"
