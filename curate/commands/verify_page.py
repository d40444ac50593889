"""`curate verify --html`: a page on which people answer in a browser, without a server."""

from pathlib import Path

from rich.console import Console

from curate.options.verify import VerifyOptions
from curate.store.atomic import appearing_file
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.terminal.notices import say
from curate.verify.asking import asked_samples, check_asked, check_each_label
from curate.verify.page.make import make_page
from curate.weighted.open import open_weighted


def write_page(options: VerifyOptions, page: Path) -> None:
    """Write the page, and say where it is; progress goes to standard error.

    Raises CurateError for what the user can mend.
    """
    console = Console(stderr=True)
    with scratch_folder() as folder, appearing_file(page) as unfinished:
        weighted = open_weighted(options.source, Folders(folder))
        check_asked(weighted)
        check_each_label(options, weighted.manifest.has_label_lists)
        with console.status("Choosing what to ask ..."):
            samples = asked_samples(weighted, options)
        text = make_page(weighted, samples, options, console)
        unfinished.write_text(text, encoding="utf-8")
        weighted.require_unchanged()
        keyless = weighted.manifest.columns.key is None
    said = Console()
    if keyless:
        say(said, "No key column: answers name rows by their numbers, from 0.")
    questions = f"{len(samples):,} question{'s' if len(samples) > 1 else ''}"
    say(said, f"Written: {page} ({page.stat().st_size / 1e6:.1f} MB), {questions}")
    say(
        said,
        "Open it in a browser, or send it. The files that people save from it are merged by curate"
        " verify --merge, and read by --verified of curate refine, weight, inspect and report.",
    )
