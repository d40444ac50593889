"""`curate weight`: from a manifest to the same manifest with a weight for every sample.

Reads in the order in which data flows: manifest, classes and their relations (Eq. 1-3), features,
adapted space, prototypes (Eq. 4, 5), scores, weights (Eq. 6).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import polars as pl
from rich.console import Console

from curate.cluster.open import open_engine
from curate.crawl.adapted import ADAPTED
from curate.crawl.crawl import Crawl, index_crawl
from curate.crawl.pictures import tell_heic
from curate.crawl.row_keys import keep_keys
from curate.crawl.stored_features import StoredFeatures
from curate.crawl.verified_rows import read_verified, say_unverified, take_apart
from curate.duplicates.columns import copy_columns
from curate.duplicates.copies import Copies, find_copies
from curate.duplicates.told import CopyCounts, count_copies
from curate.duplicates.verified import with_copies
from curate.encoders.device import torch_device
from curate.errors import CurateError
from curate.features.find import check_features, check_width, chosen_encoders, find_features
from curate.images.status import Status
from curate.inspect.class_names import named, names_of
from curate.manifest.classes import Classes, count_classes, require_repeated_labels
from curate.manifest.img2dataset import RENAMED, STATUS, is_download_status
from curate.manifest.keys import check_keys
from curate.manifest.look_alikes import say_look_alikes
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest, require_exists
from curate.manifest.plan import plan_name
from curate.manifest.tried_path import tried_path
from curate.options.weight import WeightOptions
from curate.relations.captions import caption_column
from curate.relations.graph import CLASSES, Graph, relate
from curate.scoring import soft_labels
from curate.scoring.caption_agreement import caption_agreement
from curate.scoring.copies import compare_copies
from curate.scoring.fit import Fits, Fitting, Tools, fit_both
from curate.scoring.score import score
from curate.scoring.second_opinions import SecondOpinions, weigh_opinions
from curate.scoring.share_of_verified import share_of_verified
from curate.scoring.share_with_copies import known_of_copies, range_with_copies
from curate.scoring.summary import show_classes, show_failures, show_opinions, show_summary
from curate.scoring.tally import Tally
from curate.scoring.write import Judged, weighted_origin, write_weighted
from curate.scoring.zero_shot import ZeroShot, check_zero_shot, read_classes
from curate.store.folders import Folders
from curate.store.in_order import block_threads
from curate.store.run import Run, default_folder, open_run
from curate.terminal.command_line import command_line, say_next
from curate.terminal.progress import progress_bar
from curate.terminal.skipped import Skipped
from curate.training.spec import is_self
from curate.weighted.columns import AGREEMENT, COPY_NAMES, NAMES, SOFT_NAMES, refuse_taken_names
from curate.weighted.noise_matrix import NOISE_MATRIX, write_noise_matrix
from curate.weighted.provenance import making
from curate.weighted.work import WorkNames, made_with
from curate.weighted.write import check_output
from prototypes.fit.space import SameFeaturesError
from prototypes.options import ONLY

MANY = 1_000
"""Classes from which on their relations take time and memory."""


@dataclass(frozen=True)
class Weighed:
    """What a run leaves: the output, the run folder, and what was counted."""

    out: Path
    run: Path
    tally: Tally
    copies: CopyCounts | None
    names: Mapping[str, str]
    """Names of labels that are ids."""
    tried: str = ""
    """Where a picture that is missing was looked for."""


def weigh_and_report(options: WeightOptions, quiet: bool = False) -> None:
    """Weigh a manifest; the summary goes to standard output, all else to standard error."""
    beside, console = Console(stderr=True, quiet=quiet), Console(quiet=quiet)
    weighed = weigh(options, beside)
    show_failures(beside if quiet else console, weighed.tally, str(options.manifest), weighed.tried)
    matrix = weighed.run / NOISE_MATRIX
    titles = {label: named(label, weighed.names) for label in weighed.names}
    show_summary(console, weighed.tally, weighed.copies, weighed.out, matrix, titles)
    say_next(console, command_line("inspect", weighed.out))


def weigh(options: WeightOptions, console: Console) -> Weighed:
    """Weigh a manifest; progress and warnings go to ``console``.

    Raises CurateError for everything that the user can mend. What was finished before an
    interruption is used again.
    """
    require_exists(options.manifest)
    folder = options.run_dir or default_folder(options.manifest, options.output)
    progress = partial(progress_bar, console)
    with (
        open_engine(options.engine_options, console) as engine,
        open_run(folder, progress, engine) as run,
    ):
        manifest, classes = _open(options, run, console)
        verified, lost = _verified(options, manifest, classes, console)
        crawl = index_crawl(manifest, classes, run)
        captioned = crawl.shards if options.caption_agreement else ()
        graph = relate(manifest, classes, options.graph_options, run, console, captioned)
        crawl = crawl.skipping(lost)
        features = find_features(options, crawl, console)
        show_classes(console, graph.table, folder / CLASSES)
        check_width(crawl, features)
        check_features(crawl, features, bool(chosen_encoders(options, manifest)))
        copies = None if options.no_duplicates else find_copies(crawl, features)
        known = with_copies(options.verified, verified, copies, manifest, console)
        crawl, parts = crawl.skipping(known.skipped), take_apart(known.all, crawl)
        if options.verified_use == ONLY:
            say_unverified(parts, crawl, features, console)
        agreement = caption_agreement(crawl, graph.captions, graph.text)
        sources = SecondOpinions(agreement, _zero_shot(options, crawl, graph, features), features)
        with block_threads() as threads:
            tools = Tools(options.device, threads, run.engine)
            fits = _fit(
                options, Fitting(crawl, features, parts, graph, options.method, tools, copies)
            )
            opinions = weigh_opinions(fits, sources)
            show_opinions(console, opinions.sources, opinions.weights)
            scores = compare_copies(score(fits, opinions, crawl.lists), fits, opinions, copies)
            soft = soft_labels.smooth(fits, options.soft_labels)
        ADAPTED.remove(run)
        work = _remember(options, graph, fits, scores, copies)
        made = making("weight", options, options.output, *made_with(run, work))
        with run.progress("Writing", crawl.rows) as advance:
            columns = None if copies is None else copy_columns(copies, crawl)
            judged = Judged(crawl, features, scores, soft, columns)
            sure = known_of_copies(scores, copies, crawl, known.all)
            share = share_of_verified(known.answered, scores, crawl, sure)
            wrong = fits.blind.prototypes.prior.share
            around = range_with_copies(wrong, scores, copies, crawl, sure)
            origin = weighted_origin(crawl.manifest, options, folder, work, made, share, around)
            counted = write_weighted(judged, options, origin, advance)
            tally = replace(counted, verified=share, range_of_wrong=around)
        skipped = [asdict(each) for each in crawl.manifest.skipped]
        run.record(options.as_json(), work=work, skipped=skipped)
        write_noise_matrix(tally.noise_counts, crawl, scores.root.name)
        counts = None if copies is None else count_copies(copies, crawl, columns)
    tell_heic(tally.statuses, console)
    tried = tried_path(manifest) if tally.statuses[Status.MISSING] else ""
    return Weighed(options.output, folder, tally, counts, names_of(graph.table), tried)


def _open(options: WeightOptions, run: Run, console: Console) -> tuple[Manifest, Classes]:
    """Open the user's rows, and count their classes."""
    manifest = open_manifest(options.manifest, options.columns, options.root, run.step("rows"))
    _check(manifest, options, console)
    classes = count_classes(manifest)
    if len(classes.names) > MANY:
        require_repeated_labels(manifest, classes)
    say_look_alikes(classes, console)
    soft_labels.check_count(options.soft_labels, classes)
    return manifest, classes


def _verified(
    options: WeightOptions, manifest: Manifest, classes: Classes, console: Console
) -> tuple[pl.DataFrame | None, tuple[Skipped, ...]]:
    """Look the verified rows up, and tell which of them are not in the manifest."""
    if options.verified is None:
        return None, ()
    return read_verified(options.verified, manifest, classes, console)


def _zero_shot(
    options: WeightOptions, crawl: Crawl, graph: Graph, features: StoredFeatures
) -> ZeroShot | None:
    """Read the classes' names by the encoder's text tower, where that is asked for."""
    if not options.zero_shot:
        return None
    encoders = chosen_encoders(options, crawl.manifest)
    return read_classes(encoders, graph.table, crawl, features, options.device)


def _fit(options: WeightOptions, fitting: Fitting) -> Fits:
    """Fit; raises CurateError where all images have the same features, or are the same."""
    try:
        return fit_both(fitting)
    except SameFeaturesError as error:
        if fitting.copies is not None and fitting.copies.of_one_picture(
            fitting.features, fitting.crawl.shards
        ):
            raise CurateError(
                f"{options.manifest}: all rows with features show one picture, so that there is"
                " nothing to compare it with; look at where the pictures come from."
            ) from error
        raise CurateError(
            f"{options.manifest}: all images have the same features, which tell nothing of"
            " their labels; choose another --encoder, or give other --embeddings."
        ) from error


def _check(manifest: Manifest, options: WeightOptions, console: Console) -> None:
    """Refuse, before any work starts, what would fail later."""
    if manifest.has_label_lists:
        _check_lists(manifest, options)
    present = [manifest.columns.key or "row"] if options.slim else manifest.schema.names
    if options.caption_agreement:
        caption_column(manifest, "--caption-agreement")
    renamed = not options.prefix and is_download_status(manifest.schema, manifest.columns)
    if renamed and STATUS in present:
        present = [name for name in present if name != STATUS]
        console.print(f"img2dataset's column {STATUS} is written as {RENAMED}{STATUS}.")
    refuse_taken_names(present, options.prefix, str(manifest.path), added_names(options))
    if options.zero_shot:
        check_zero_shot(chosen_encoders(options, manifest))
    if options.device == "cuda":
        torch_device(options.device)
    check_output(options.output, manifest, options.slim, options.overwrite)
    check_keys(manifest)


def added_names(options: WeightOptions) -> list[str]:
    """Name the columns that these options add, without the prefix."""
    return [
        *NAMES,
        *([AGREEMENT] if options.caption_agreement else ()),
        *(SOFT_NAMES if options.soft_labels is not None else ()),
        *(() if options.no_duplicates else COPY_NAMES),
    ]


def _check_lists(manifest: Manifest, options: WeightOptions) -> None:
    """Refuse what takes one label for each image."""
    for option, asked in (
        ("--verified", options.verified is not None),
        ("--caption-agreement", options.caption_agreement),
        ("--zero-shot", options.zero_shot),
        ("--soft-labels", options.soft_labels is not None),
        ("--encoder self", any(map(is_self, options.encoders))),
    ):
        if asked:
            raise CurateError(
                f"{option} takes one label for each image, and column '{manifest.columns.label}' of"
                f" {manifest.path} holds lists; leave {option} out, or name another column with"
                " --label."
            )


def _remember(
    options: WeightOptions, graph: Graph, fits: Fits, scores: Folders, copies: Copies | None
) -> str:
    """Write down, for the commands that go on from here, what the weights are made from."""
    fitted, blind, fitting = fits.fitted, fits.blind, fits.fitted.of
    crawl = fitting.crawl
    return WorkNames(
        plan=plan_name(crawl.manifest),
        features=tuple(part.root.name for part in fitting.features.parts),
        labels=fitting.labels.given.root.name,
        unverified=fitting.labels.crowd.root.name,
        space=fitted.space_name,
        prototypes=fitted.name,
        blind_space=blind.space_name,
        blind_prototypes=blind.name,
        relations=graph.stored,
        classes=crawl.classes.names,
        encoder="+".join(chosen_encoders(options, crawl.manifest)) or "embeddings",
        alpha=options.alpha,
        beta=options.beta,
        scores=scores.root.name,
        class_table=graph.table_name,
        keys=keep_keys(crawl),
        copies=None if copies is None else copies.name,
    ).remember(crawl.run)
