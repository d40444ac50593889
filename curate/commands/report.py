"""`curate report`: what was found in a crawl, as one HTML page that stands alone."""

from rich.console import Console

from curate.cluster.open import open_engine, shared_home
from curate.options.report import ReportOptions
from curate.report.content import gather
from curate.report.page import render
from curate.report.thumbnails import PAGE_FULL, Thumbnail, thumbnails
from curate.store.atomic import appearing_file
from curate.store.engine import Engine
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.terminal.notices import say
from curate.terminal.progress import busy, progress_bar
from curate.weighted.open import open_weighted
from curate.weighted.share_of_table import share_of_table
from curate.weighted.weighted import Weighted

MOST_BYTES = 14_900_000
"""Of the whole page; pictures get what the rest leaves."""


def write_report(options: ReportOptions, quiet: bool = False) -> None:
    """Write the page, and say where it is; progress goes to standard error.

    Raises CurateError for what the user can mend.
    """
    write_page(options, Console(stderr=True, quiet=quiet))
    size = options.output.stat().st_size / 1e6
    say(Console(quiet=quiet), f"Written: {options.output} ({size:.1f} MB)")


def write_page(options: ReportOptions, console: Console) -> None:
    """Write the page; progress goes to ``console``. Raises CurateError as `write_report` does."""
    engine_options = options.engine_options
    with (
        open_engine(engine_options, console) as engine,
        scratch_folder(shared_home(engine_options, options.output)) as folder,
        appearing_file(options.output) as unfinished,
    ):
        engine.require_shared(folder, "--out")
        weighted = open_weighted(options.source, Folders(folder))
        page = _page(weighted, options, engine, console)
        unfinished.write_text(page, encoding="utf-8")
        weighted.require_unchanged()


def _page(weighted: Weighted, options: ReportOptions, engine: Engine, console: Console) -> str:
    """Gather what the page says, and fill what room is left with pictures."""
    told = None
    if options.verified is not None:
        told = share_of_table(weighted, options.verified, console)
    with busy(console, "Counting"):
        content = gather(weighted, options.title, options.limit, told)
    bare = render(content.said, [Thumbnail(None, PAGE_FULL)] * len(content.rows))
    room = MOST_BYTES - len(bare.encode())
    with progress_bar(console, "Pictures", len(content.rows)) as advance:
        pictures = thumbnails(weighted, content.rows, room, advance, engine=engine)
        return render(content.said, pictures)
