"""`curate inspect`: what a weighted manifest says, its worst suspects, one sample in full."""

import os
import sys
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from curate.inspect.asked_class import find_class
from curate.inspect.cards import sample_cards
from curate.inspect.class_names import class_names
from curate.inspect.gallery import SMALL, fitting, show_cards, show_small
from curate.inspect.json_text import overview_json, sample_json
from curate.inspect.overview import overview
from curate.inspect.sample import find_sample
from curate.inspect.sample_screen import show_sample
from curate.inspect.screen import AROUND, is_low, show_brief, show_overview
from curate.inspect.select_samples import Selected, Selection, find_key, select
from curate.inspect.terminal_pictures import Pictures, choose_pictures
from curate.options.inspect import InspectOptions
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.terminal.printable import brief
from curate.weighted.open import open_weighted
from curate.weighted.share_of_table import share_of_table

UNCUT = 1000
"""Columns of what is piped: nothing is cut."""
HINT = "One in full: --key KEY. Others: --class A --suggested B, --kind, --limit 12."
MOST_SAMPLES = 12
"""Shown by default."""
FEW_PICTURES, FEW_WORDS = 2, 6
"""Samples that are shown by default on a low screen, below the summary."""
WORST = {
    "quality": "of lowest quality",
    "weight": "of lowest weight",
    "distance": "farthest from their prototype",
    "noise": "least likely free of noise",
    "random": "drawn at random",
}
"""How samples are chosen, by --sort."""


def inspect(options: InspectOptions, console: Console | None = None, quiet: bool = False) -> None:
    """Show a summary and the samples that were asked for, the worst ones first.

    Raises CurateError when the manifest has not been weighed, and when no row is as asked for.
    """
    if console is None:
        console = Console(width=None if sys.stdout.isatty() else UNCUT, quiet=quiet)
    selection = Selection(
        options.given, options.suggested, options.kind, options.status, options.sort,
        options.limit or MOST_SAMPLES, options.noise_type,
    )  # fmt: skip
    usual = console.is_terminal and options.limit is None and not selection.filters
    low = usual and is_low(console)
    with scratch_folder() as folder:
        weighted = open_weighted(options.source, Folders(folder))
        names, kind = class_names(weighted), Pictures.NONE
        if weighted.manifest.columns.image is not None:
            kind = choose_pictures(Pictures(options.pictures), console, os.environ)
        if options.key is not None:
            sample = find_sample(
                weighted,
                find_key(weighted, options.key),
                find_class(weighted, "--class", options.given),
            )
            if options.as_json:
                console.file.write(sample_json(weighted, sample, names))
            else:
                show_sample(console, weighted, sample, names, kind)
            return
        if low and not options.as_json:
            few = FEW_WORDS if kind is Pictures.NONE else FEW_PICTURES
            selection = replace(selection, limit=few)
        elif usual and kind is not Pictures.NONE:
            room = fitting(console, console.height - AROUND)
            selection = replace(selection, limit=min(MOST_SAMPLES, room))
        selected, told = select(weighted, selection), None
        if options.verified is not None:
            told = share_of_table(weighted, options.verified, Console(stderr=True, quiet=quiet))
        if options.as_json:
            console.file.write(overview_json(weighted, overview(weighted, told), selected, names))
            return
        title = _title(selection, selected, weighted.manifest.has_label_lists)
        cards = sample_cards(weighted, selected.samples, names, kind, selection.sort)
        if low:
            show_brief(console, overview(weighted, told), names, SMALL + 2)
            show_small(console, title, cards, kind)
        else:
            if not selection.filters:
                show_overview(console, overview(weighted, told), names)
            show_cards(console, title, cards, kind)
        if console.is_terminal:
            console.print(Text(HINT, "dim"))


def _title(wanted: Selection, selected: Selected, lists: bool) -> str:
    """Say which samples are shown, and of how many."""
    such = ""
    if wanted.filters:
        asked = (f"{option[2:]} {brief(value)}" for option, value in wanted.filters.items())
        such = f" with {', '.join(asked)}"
    what = "labels" if lists else "samples"
    if not selected.found:
        return f"No {what} are shown, as none is judged."
    shown = f"{len(selected.samples):,} of {selected.found:,} {what}{such}"
    return f"{shown}, those {WORST[wanted.sort]}"
