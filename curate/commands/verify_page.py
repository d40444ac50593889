"""`curate verify --html`: a page on which people answer in a browser, without a server."""

from pathlib import Path

from rich.console import Console

from curate.errors import CurateError
from curate.options.verify import VerifyOptions
from curate.store.atomic import appearing_file
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.terminal.notices import say
from curate.terminal.printable import counted
from curate.verify.answered import Answered
from curate.verify.asking import asked_samples, check_asked, check_each_label
from curate.verify.page.make import make_page
from curate.weighted.open import open_weighted


def write_page(options: VerifyOptions, page: Path, quiet: bool = False) -> None:
    """Write the page, and say where it is; progress goes to standard error.

    What the file of answers holds is not asked again. Raises CurateError for what the user can
    mend, and where no question is left.
    """
    console = Console(stderr=True, quiet=quiet)
    with scratch_folder() as folder, appearing_file(page) as unfinished:
        weighted = open_weighted(options.source, Folders(folder))
        check_asked(weighted)
        check_each_label(options, weighted.manifest.has_label_lists)
        answered = Answered.read(options.output, weighted.manifest.columns.key)
        with console.status("Choosing what to ask ..."):
            asked = asked_samples(weighted, options)
        samples = [sample for sample in asked if sample not in answered]
        _require_some(len(samples), len(asked), options)
        text = make_page(weighted, samples, options, console, len(samples) == len(asked))
        unfinished.write_text(text, encoding="utf-8")
        weighted.require_unchanged()
        keyless = weighted.manifest.columns.key is None
    said = Console(quiet=quiet)
    if keyless:
        say(said, "No key column: answers name rows by their numbers, from 0.")
    size = f"{page.stat().st_size / 1e6:.1f} MB"
    say(said, f"Written: {page} ({size}), {counted(len(samples), 'question')}")
    if len(asked) > len(samples):
        say(
            said,
            f"Left out: {len(asked) - len(samples):,} that {options.output} answers already; give"
            " that file to --merge too, or name another with --out to ask them again.",
        )
    say(
        said,
        "Open it in a browser, or send it. The files that people save from it are merged by curate"
        " verify --merge, and read by --verified of curate refine, weight, inspect and report.",
    )


def _require_some(left: int, asked: int, options: VerifyOptions) -> None:
    """Raise CurateError where every question has an answer."""
    if not left:
        raise CurateError(
            f"{options.output} answers all {counted(asked, 'question')} of this page; ask more with"
            f" --limit {2 * options.limit}, or the same again with another file as --out."
        )
