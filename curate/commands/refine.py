"""`curate refine`: train a head on verified rows, or load one, and correct every label with it.

Reads in the order in which data flows: weighted manifest, verified rows, head, verdict, columns.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console

from curate.cluster.open import open_engine
from curate.duplicates.copies import Copies, load_copies
from curate.encoders.device import torch_device
from curate.errors import CurateError
from curate.heads.apply import HeadOnRun
from curate.heads.choose import choose_head
from curate.heads.columns import Columns
from curate.heads.comparison import Comparison
from curate.heads.folds import Folds
from curate.heads.gains import class_gains
from curate.heads.gains_summary import Gained, show_gained
from curate.heads.judged import REFINED, Judging, judged_columns
from curate.heads.learned import read_bags, read_verified_rows
from curate.heads.no_label import NoLabel
from curate.heads.rates import Rates, channel_rates, given_counts
from curate.heads.saved import TrainedHead, load_head
from curate.heads.side_tables import BAGS, GAINS, RATES, bag_labels, write_beside
from curate.heads.summary import noise_summary, show_comparison, show_rates, show_verdict
from curate.heads.trained import HeadTraining, crawl_name
from curate.heads.training import Positions
from curate.heads.verdict import Verdict
from curate.manifest.plan import Shard
from curate.options.refine import RefineOptions
from curate.store.folders import Folders
from curate.store.run import Run, open_run
from curate.store.scratch import scratch_folder
from curate.store.versions import today, versions
from curate.terminal.command_line import command_line, say_next
from curate.terminal.notices import say, warn
from curate.terminal.printable import brief
from curate.terminal.progress import progress_bar
from curate.weighted.columns import NOISE_NAMES, REFINED_LISTS, REFINED_NAMES, refuse_taken_names
from curate.weighted.image_paths import root_of_output, way_from
from curate.weighted.open import open_weighted
from curate.weighted.provenance import making
from curate.weighted.same_labels import require_same_labels
from curate.weighted.weighted import Weighted
from curate.weighted.work import Work
from curate.weighted.write import check_output, write_manifest


@dataclass(frozen=True)
class RefinedCrawl:
    """What a run of `refine` leaves."""

    out: Path
    head: Path
    """The folder of the trained head."""
    compared: Comparison | None
    """How it was chosen; None where it was not chosen among several."""
    verdict: Verdict | None
    """None where nothing was verified."""
    gained: Gained | None
    """What that is class by class; None where nothing was verified."""
    chosen: tuple[str, ...]
    """How the verified rows were chosen, where that is known and not at random."""
    wrong: tuple[float, float] | None
    """In which range the crawl's share of wrong labels lies; None for lists and where unknown."""
    rates: Rates | None
    """Of nmn: how often each class's label is missing or wrongly given, by what it learned."""
    noise: NDArray[np.int64]
    """(3,): rows of each type of noise, as NOISE_NAMES; zeros for heads that tell none."""
    no_label: NoLabel
    beside: tuple[tuple[str, Path], ...]
    """What other tables are, and where they were written."""


def refine_and_report(options: RefineOptions, quiet: bool = False) -> None:
    """Refine a manifest; the verdict goes to standard output, all else to standard error."""
    refined = refine(options, Console(stderr=True, quiet=quiet))
    console = Console(quiet=quiet)
    if refined.compared is not None:
        show_comparison(console, refined.compared)
    show_verdict(console, refined.verdict, refined.chosen, refined.wrong)
    if refined.gained is not None:
        show_gained(console, refined.gained)
    if refined.rates is not None:
        show_rates(console, refined.rates)
    if refined.noise.any():
        say(console, noise_summary(refined.noise))
    if refined.no_label.rows:
        say(console, str(refined.no_label))
    say(console, f"Written: {refined.out}")
    for what, path in refined.beside:
        say(console, f"{what}: {path}")
    say(console, f"Head: {refined.head}")
    say_next(console, command_line("inspect", refined.out))


def refine(options: RefineOptions, console: Console) -> RefinedCrawl:
    """Add a head's labels to a weighted manifest; progress and warnings go to ``console``.

    Raises CurateError for everything that the user can mend. A head that was trained before with
    the same rows and options is used again.
    """
    with scratch_folder() as frozen:
        weighted = open_weighted(options.source, Folders(frozen))
        _check(weighted, options)
        work = weighted.work()
        require_same_labels(weighted, work)
        assert weighted.run is not None
        progress = partial(progress_bar, console)
        with (
            open_engine(options.engine_options, console) as engine,
            open_run(weighted.run, progress, engine) as run,
        ):
            return _refine(options, weighted, work, run, console)


def _check(weighted: Weighted, options: RefineOptions) -> None:
    """Refuse bad options before any work is done."""
    names = (*REFINED_NAMES, *NOISE_NAMES)
    refuse_taken_names(weighted.schema.names, weighted.prefix, str(weighted.path), names)
    for out in (options.output, *(options.beside(name) for name in (GAINS, RATES, BAGS))):
        check_output(out, weighted.itself(), False, options.overwrite)


def _refine(
    options: RefineOptions, weighted: Weighted, work: Work, run: Run, console: Console
) -> RefinedCrawl:
    names, bag = (None, None) if options.bag is None else read_bags(weighted, options.bag)
    copies = _copies(weighted, run)
    group = None if copies is None else copies.representative[work.run_rows]
    folds = Folds(work, bag, group)
    if options.apply is None:
        verified = read_verified_rows(options, weighted, work.classes, console, group)
        name = None if copies is None else copies.name
        training = HeadTraining(options, weighted, work, verified, folds, name, run, console)
        kind, compared = choose_head(training)
        trained, folder = training.head(kind)
    else:
        folder, trained, compared = options.apply, load_head(options.apply), None
        several = weighted.manifest.has_label_lists
        _check_fits(trained, work, options, several, bag, console)
        verified = read_verified_rows(options, weighted, trained.classes, console, group)
    trained.head.to(torch_device(options.device))
    own = trained.crawl == crawl_name(work)
    applied = HeadOnRun(trained.head, work, verified, own, folds)
    if bag is not None:
        with progress_bar(console, "Gathering bags", weighted.rows) as advance:
            applied.gather_bags(advance)
    task, held_out = trained.head.task, applied.judge_verified()
    gains = class_gains(held_out, task)
    gained = Gained.of(gains, held_out, task, trained.classes)
    rates = channel_rates(trained.head, trained.classes)
    tables = {RATES: rates}
    if gained is not None:
        tables[GAINS] = gained.classes
    if names is not None:
        tables[BAGS] = bag_labels(applied, names, trained.classes)
    told = write_beside(options, tables)
    judging = Judging(applied, _columns(applied, trained, weighted), gains.worse)
    judged_rows = judging.by_shards(run)
    with run.progress("Writing", weighted.rows) as advance:
        counts = _write(applied, judged_rows, weighted, options, advance)
    REFINED.remove(run)
    judged = held_out.guarded(task) if compared is None else compared.judged()
    wrong = None if weighted.manifest.has_label_lists else weighted.origin.range_of_wrong
    noise, no_label = counts[: len(NOISE_NAMES)], NoLabel.of(int(counts[-1]), judged, task)
    return RefinedCrawl(
        options.output, folder, compared, judged.verdict(task), gained, verified.chosen, wrong,
        None if rates is None else Rates(rates, given_counts(work), work.rows), noise, no_label,
        told,
    )  # fmt: skip


def _copies(weighted: Weighted, run: Run) -> Copies | None:
    """Open the copies that were found; None where there are none, or nobody looked for them.

    Raises CurateError where they are gone.
    """
    names = weighted.names_of_work
    if names is None or names.copies is None:
        return None
    try:
        copies = load_copies(run, names.copies)
    except FileNotFoundError as error:
        raise CurateError(
            f"{weighted.run} no longer holds which rows are copies (gone: {error.filename}); run"
            " the same `curate weight` with --overwrite again."
        ) from error
    return copies if copies.count else None


def _check_fits(
    trained: TrainedHead,
    work: Work,
    options: RefineOptions,
    several: bool,
    bag: Positions | None,
    console: Console,
) -> None:
    """Refuse a head of other classes or features; say where the encoder has another name."""
    if trained.given_classes != work.classes:
        other = sorted(set(trained.given_classes) ^ set(work.classes))
        what = f"only one of them has '{brief(other[0])}'" if other else "the order is another"
        raise CurateError(
            f"--apply {options.apply} was trained for other classes than those of"
            f" {options.weighted}: {what}; train a head on this crawl."
        )
    if trained.head.task.several != several:
        raise CurateError(
            f"--apply {options.apply} was trained for "
            + ("single labels" if several else "lists of labels")
            + f", and {options.weighted} has "
            + ("lists; train a head on it." if several else "one for each image; train one on it.")
        )
    width = len(work.fit.space.mean)
    if len(trained.head.inputs.mean) != width:
        raise CurateError(
            f"--apply {options.apply} takes {len(trained.head.inputs.mean):,} features of encoder"
            f" {brief(trained.encoder)}, and those of {options.weighted} are {width:,}"
            f" of {work.encoder}; weigh that with the same encoder."
        )
    if bag is not None and trained.head.name.split(":")[0] != "nmn":
        raise CurateError(f"--bag is for --head nmn, and --apply {options.apply} is no such head.")
    if trained.encoder != work.encoder:
        warn(
            console,
            "--apply",
            f"the head was trained on features of {brief(trained.encoder)}, and these are of"
            f" {brief(work.encoder)}; unless these are the same encoder, its labels mean nothing.",
        )


def _columns(applied: HeadOnRun, trained: TrainedHead, weighted: Weighted) -> Columns:
    """Say how what the head tells of a row becomes columns."""
    work, label = applied.work, weighted.manifest.label_type
    if trained.head.task.new:
        label = pa.string()
    centres = trained.head.inputs.centres()
    usual = np.full(len(centres), np.nan, np.float32)
    if applied.own:
        usual[work.fit.prototypes.little_known] = work.usual_weight
    return Columns(trained.head.task, trained.classes, label, centres, work.alpha, work.beta, usual)


def _write(
    applied: HeadOnRun,
    judged: Folders,
    weighted: Weighted,
    options: RefineOptions,
    advance: Callable[[int], None],
) -> NDArray[np.int64]:
    """Write every row with the head's columns, which ``judged`` keeps by shards.

    Returns the counts (4,) of `judged_columns`; of noise they are zeros where the head tells none.
    """
    work, manifest, out = applied.work, weighted.itself(), options.output
    by_first = {shard.first_row: shard for shard in work.file_shards}

    def added(shard: Shard) -> tuple[pa.Table, NDArray[np.int64]]:
        table, counts = judged_columns(judged, by_first[shard.first_row])
        if out.suffix == ".csv":
            table = table.drop_columns(list(REFINED_LISTS))
        names = [weighted.prefix + name for name in table.column_names]
        return table.rename_columns(names), counts

    shards = [replace(s, part=0, start=s.first_row) for s in work.file_shards]
    made = making("refine", options, out, versions(), today())
    skipped = (*weighted.origin.skipped, *applied.verified.skipped)
    stay = os.path.realpath(out.parent) == os.path.realpath(weighted.path.parent)
    way = None if stay else way_from(out, manifest)
    origin = replace(
        weighted.origin,
        root=manifest.root if stay else root_of_output(manifest, out),
        made=(*weighted.origin.made, made),
        skipped=skipped,
        verified=weighted.origin.verified or applied.verified.share,
    )
    return write_manifest(manifest, shards, added, out, False, origin, advance, way)
