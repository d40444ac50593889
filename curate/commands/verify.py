"""`curate verify`: ask a person, and put several people's answers together."""

import getpass
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from curate.commands.verify_page import write_page
from curate.errors import CurateError
from curate.heads.enough import LEAST_VERIFIED
from curate.inspect.terminal_pictures import Pictures, choose_pictures
from curate.options.refine import RefineOptions
from curate.options.verify import VerifyOptions
from curate.store.folders import Folders
from curate.store.scratch import scratch_folder
from curate.store.sent import require_writable
from curate.terminal.command_line import command_line, say_next
from curate.terminal.notices import say, say_skipped, warn
from curate.terminal.printable import brief, counted
from curate.verify import words
from curate.verify.ahead import Ahead, Look
from curate.verify.answers import Answers, check_path, open_answers, write_answers
from curate.verify.asking import asked_samples, check_asked, check_each_label, queue_options
from curate.verify.class_choices import AskedClasses, asked_classes
from curate.verify.load_picture import WORKERS, load_picture, picture_pool
from curate.verify.merge import Merged, merge
from curate.verify.nearest import NearestClasses
from curate.verify.pair_answers import PairAnswers
from curate.verify.queue import count_doubts
from curate.verify.session import Session
from curate.weighted.open import open_weighted
from curate.weighted.weighted import Weighted

SHOWN_DISAGREEMENTS = 20


def run_verify(options: VerifyOptions, quiet: bool = False) -> None:
    """Ask, or merge; raises CurateError where the files are too many or too few for that."""
    if not options.merge:
        if len(options.files) > 1:
            raise CurateError(
                f"curate verify asks about one weighted manifest, and {len(options.files)} files"
                " were named; to put files of answers together, add --merge."
            )
        if options.html is None:
            verify(options, quiet)
        else:
            write_page(options, options.html, quiet)
    elif options.out is None:
        raise CurateError("--merge needs --out FILE.parquet, where the merged answers go.")
    else:
        merge_answers(options.files, options.out, quiet)


def verify(options: VerifyOptions, quiet: bool = False) -> None:
    """Ask the samples of the queue that have no answer yet, until the person leaves.

    Without a key column answers are kept by the number of the row, counted from 0. Raises
    CurateError without a terminal, where the manifest has not been weighed or has no pictures,
    where rows without keys are not those of their run, and where answers cannot be written.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CurateError(
            "curate verify draws a screen and reads keys, and there is no terminal here; run it in"
            " one (over ssh: ssh -t), without a pipe, or write a page for a browser with --html."
        )
    check_path(options.output)
    wanted = queue_options(options)
    with scratch_folder() as folder:
        weighted = open_weighted(options.source, Folders(folder))
        check_asked(weighted)
        lists = weighted.manifest.has_label_lists
        check_each_label(options, lists)
        console, kind = Console(quiet=quiet), PairAnswers if options.each_label else Answers
        if weighted.manifest.columns.key is None:
            say(console, "No key column: answers are kept by the number of the row, from 0.")
        with open_answers(options.output, options.by or _login(), lists, kind) as answers:
            with console.status("Choosing what to ask ..."):
                classes = asked_classes(weighted)
                asked = asked_samples(weighted, options)
                population = count_doubts(weighted, wanted)
            session = Session(
                asked, answers, options.strategy, recorded=wanted.recorded, population=population
            )
            if session.current is not None:
                pictures = choose_pictures(Pictures(options.pictures), console, os.environ)
                _ask(session, weighted, classes, pictures)
        images = len({sample.row for sample in asked})
        _report(console, session, options, lists, images)
        if session.tally.answered:
            _say_what_follows(console, options, answers.images)


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise CurateError("this login has no name; say who answers with --by NAME.") from error


def _ask(session: Session, weighted: Weighted, classes: AskedClasses, pictures: Pictures) -> None:
    """Run the screen."""
    from curate.verify.app import VerifyApp
    from curate.verify.references import GoodExamples

    readers, nearest = ThreadPoolExecutor(WORKERS), NearestClasses(weighted)
    given = {sample.row: sample.given for sample in session.samples}
    try:
        with picture_pool() as pool:

            def load(row: int) -> Look:
                return Look(load_picture(weighted, pool, row), nearest.of(row, given[row]))

            lists = weighted.manifest.has_label_lists
            ahead = Ahead(load, readers)
            examples = GoodExamples(weighted, pool, _named(session)).of
            app = VerifyApp(session, ahead, classes, weighted.path.name, lists, pictures, examples)
            app.run()
    finally:
        readers.shutdown(wait=False, cancel_futures=True)
    if app.failure is not None:
        raise app.failure


def _named(session: Session) -> Sequence[str]:
    """List the classes that the questions name, as given or suggested by the manifest."""
    given = (label for sample in session.samples for label in sample.given)
    suggested = (label for sample in session.samples for label, _ in sample.suggested)
    return list(dict.fromkeys([*given, *suggested]))


def _report(
    console: Console, session: Session, options: VerifyOptions, lists: bool, images: int
) -> None:
    """Say what was answered, the estimate of a random sample, and how to ask more."""
    tally, rate = session.tally, session.noise_rate
    said = f"{tally.kept:,} kept, {tally.changed:,} changed, {tally.none:,} none of the classes"
    if options.each_label:
        said = f"{tally.kept:,} yes, {tally.none:,} no"
    console.print(
        f"{tally.answered:,} of {len(session.samples):,} answered: {said}; {tally.skipped:,}"
        " skipped.",
        highlight=False,
    )
    if rate is not None:
        left_out = f"; the {tally.skipped:,} skipped left out" if tally.skipped else ""
        say(console, f"{words.estimate(rate, lists)}{left_out}.")
    if session.left or tally.skipped:
        console.print("The same command goes on with those that are left.")
    elif images == options.limit:
        console.print(f"Ask more with --limit {2 * options.limit:,}.", highlight=False)


def _say_what_follows(console: Console, options: VerifyOptions, images: int) -> None:
    say(console, f"Written: {options.output}")
    if images < LEAST_VERIFIED:
        say(console, f"curate refine learns from {LEAST_VERIFIED} verified images or more.")
    else:
        say_next(console, next_command(options))


def next_command(options: VerifyOptions) -> str:
    """Write the command that learns from the answers, with what the file does not say of itself."""
    return command_line(
        "refine", options.files[0], verified=options.output, run_dir=options.run_dir,
        label=options.label, key=options.key, prefix=options.prefix,
        overwrite=RefineOptions(options.files[0]).output.exists(),
    )  # fmt: skip


def merge_answers(paths: Sequence[Path], out: Path, quiet: bool = False) -> None:
    """Write what several people agree on to ``out``, and list what they do not.

    Raises CurateError where ``out`` exists or cannot be written, and for what is no file of
    answers.
    """
    check_path(out)
    if out.exists():
        raise CurateError(f"--out {out} exists; name another file for what is merged.")
    require_writable(out)
    merged, console = merge(paths), Console(quiet=quiet)
    write_answers(out, merged.agreed, [])
    disagreed = len(merged.disagreed)
    if merged.shared:
        console.print(
            f"samples with answers in more than one file: {merged.shared:,}; they agree on"
            f" {merged.shared - disagreed:,} ({1 - disagreed / merged.shared:.0%}).",
            highlight=False,
        )
    if disagreed:
        _show_disagreed(console, merged, paths, out)
    say_skipped(console, merged.skipped)
    say(console, f"Written: {out}, {counted(len(merged.agreed), 'answer')}")
    if quiet:
        _warn_of_what_is_left_out(Console(stderr=True), merged)


def _show_disagreed(console: Console, merged: Merged, paths: Sequence[Path], out: Path) -> None:
    names = ["key", "label"] if merged.by_pair else ["key"]
    heads = [Column(Text(brief(head))) for head in (*names, *(path.name for path in paths))]
    table = Table(*heads, title="They disagree on", title_justify="left", box=SIMPLE_HEAD)
    for row in merged.disagreed.head(SHOWN_DISAGREEMENTS).iter_rows():
        table.add_row(*(Text("" if word is None else brief(word)) for word in row))
    console.print(table)
    if len(merged.disagreed) > SHOWN_DISAGREEMENTS:
        more = len(merged.disagreed) - SHOWN_DISAGREEMENTS
        console.print(f"and {more:,} more.", highlight=False)
    say(
        console,
        "These are left out. curate verify WEIGHTED with"
        f"{' --each-label,' if merged.by_pair else ''} the same --strategy, --limit and --seed,"
        f" and --out {out}, asks them again; until then they are missing where a share of wrong"
        " labels is told.",
    )


def _warn_of_what_is_left_out(console: Console, merged: Merged) -> None:
    if len(merged.disagreed):
        count = counted(len(merged.disagreed), "sample")
        warn(console, "Left out", f"{count} on which the files disagree.")
    for each in merged.skipped:
        warn(console, "Passed over", str(each))
