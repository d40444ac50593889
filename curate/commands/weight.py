"""`curate weight`: from a manifest to the same manifest with a weight for every sample.

Reads in the order in which data flows: manifest, classes and their relations (Eq. 1-3), features,
adapted space, prototypes (Eq. 4, 5), scores, weights (Eq. 6).
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from rich.console import Console

from curate.crawl.adapted import AdaptedFeatures
from curate.crawl.fit import BlindFit, Fit
from curate.crawl.given import Given
from curate.crawl.labels import keep_labels
from curate.crawl.products import products_on
from curate.crawl.row_keys import keep_keys
from curate.crawl.stored_blocks import StoredBlocks
from curate.crawl.stored_features import StoredFeatures
from curate.crawl.verified_rows import LabelParts, read_verified, say_unverified, take_apart
from curate.encoders.device import torch_device
from curate.encoders.spec import split_encoders
from curate.errors import CurateError
from curate.features.find import check_features, check_width, chosen_encoder, find_features
from curate.images.status import Status
from curate.manifest.classes import Classes, count_classes, require_repeated_labels
from curate.manifest.img2dataset import RENAMED, STATUS, is_download_status
from curate.manifest.keys import check_keys
from curate.manifest.look_alikes import say_look_alikes
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest, require_exists
from curate.manifest.plan import Shard, freeze_plan, plan_name
from curate.manifest.tried_path import tried_path
from curate.options.weight import WeightOptions
from curate.relations.captions import caption_column, embed_captions
from curate.relations.graph import CLASSES, Graph, relate_or_skip_wordnet
from curate.scoring import soft_labels
from curate.scoring.caption_agreement import caption_agreement
from curate.scoring.score import score_shards
from curate.scoring.second_opinions import (
    SecondOpinions,
    opinions_name,
    unasked,
    weigh_opinions,
)
from curate.scoring.summary import show_classes, show_failures, show_opinions, show_summary
from curate.scoring.tally import Tally
from curate.scoring.write import Judged, weighted_origin, write_weighted
from curate.scoring.zero_shot import check_zero_shot, read_classes
from curate.store.code import code_of
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.store.in_order import block_threads
from curate.store.run import Run, default_folder, open_run
from curate.store.state import kept
from curate.terminal.command_line import command_line, say_next
from curate.terminal.progress import progress_bar
from curate.training.spec import is_self
from curate.weighted.columns import AGREEMENT, NAMES, SOFT_NAMES, check_names
from curate.weighted.noise_matrix import NOISE_MATRIX, write_noise_matrix
from curate.weighted.provenance import making
from curate.weighted.work import WorkNames, made_with
from curate.weighted.write import check_output
from prototypes import method
from prototypes.engine.blocks import labelled
from prototypes.engine.products import Products
from prototypes.fit.space import AdaptedSpace, SameFeaturesError
from prototypes.options import ONLY

MANY = 1_000
"""Classes from which on their relations take time and memory."""


@dataclass(frozen=True)
class Weighed:
    """What a run leaves: the output, the run folder, and what was counted."""

    out: Path
    run: Path
    tally: Tally
    tried: str = ""
    """Where a picture that is missing was looked for."""


def weigh_and_report(options: WeightOptions) -> None:
    """Weigh a manifest; the summary goes to standard output, all else to standard error."""
    weighed = weigh(options, Console(stderr=True))
    console = Console()
    show_failures(console, weighed.tally, str(options.manifest), weighed.tried)
    show_summary(console, weighed.tally, weighed.out, weighed.run / NOISE_MATRIX)
    say_next(console, command_line("inspect", weighed.out))


def weigh(options: WeightOptions, console: Console) -> Weighed:
    """Weigh a manifest; progress and warnings go to ``console``.

    Raises CurateError for everything that the user can mend. What was finished before an
    interruption is used again.
    """
    require_exists(options.manifest)
    folder = options.run_dir or default_folder(options.manifest, options.output)
    with open_run(folder) as run:
        manifest = open_manifest(options.manifest, options.columns, options.root, run.step("rows"))
        _check(manifest, options, console)
        classes = count_classes(manifest)
        if len(classes.names) > MANY:
            require_repeated_labels(manifest, classes)
        say_look_alikes(classes, console)
        soft_labels.check_count(options.soft_labels, classes)
        verified = None
        if options.verified is not None:
            verified, lost = read_verified(options.verified, manifest, classes, console)
            manifest = replace(manifest, skipped=(*manifest.skipped, *lost))
        shards = freeze_plan(manifest, run.step("plan"))
        read_captions = None
        if options.caption_agreement:
            read_captions = partial(embed_captions, manifest, shards, run, console)
        graph = relate_or_skip_wordnet(
            manifest, classes, options.graph_options, run, console, read_captions
        )
        manifest = replace(manifest, skipped=(*manifest.skipped, *graph.skipped))
        labels = keep_labels(manifest, shards, classes, run)
        parts = LabelParts.of_given(labels)
        if verified is not None:
            parts = take_apart(verified, shards, labels, run)
        given = Given(classes, labels, manifest.has_label_lists)
        features = find_features(options, manifest, shards, given, run, console)
        show_classes(console, graph.table, run.folder / CLASSES)
        check_width(manifest, shards, features)
        check_features(manifest, shards, classes, features, labels)
        if options.verified_use == ONLY and verified is not None:
            say_unverified(parts, shards, classes, features, console)
        captions = zero_shot = None
        if read_captions is not None:
            vectors = read_captions(graph.text)
            captions = caption_agreement(shards, vectors, graph.text, labels, run)
        if options.zero_shot:
            encoder = chosen_encoder(options, manifest)
            zero_shot = read_classes(
                encoder, graph.table, features, shards, options.device, run, console
            )
        sources = SecondOpinions(captions, zero_shot, features)
        with block_threads() as threads:
            tools = _Tools(options.device, threads, console)
            fits = _fit_both(options, shards, graph, features, parts, tools, run)
            scores, soft = _judge(options, shards, given, parts, fits, sources, tools, run)
        run.step("adapted").remove_all()
        keys = keep_keys(manifest, shards, run)
        work = _remember(
            options, manifest, graph, features, parts, classes, fits, scores, keys, run
        )
        made = making("weight", options, options.output, *made_with(run, work))
        with progress_bar(console, "Writing", manifest.rows) as advance:
            judged = Judged(features, given, scores, soft)
            origin = weighted_origin(manifest, options, folder, work, made)
            tally = write_weighted(manifest, shards, judged, options, origin, advance)
        skipped = [asdict(each) for each in manifest.skipped]
        run.record(options.as_json(), work=work, skipped=skipped)
        write_noise_matrix(tally.noise_counts, manifest, classes, run, scores.root.name)
    tried = tried_path(manifest) if tally.statuses[Status.MISSING] else ""
    return Weighed(options.output, folder, tally, tried)


def _check(manifest: Manifest, options: WeightOptions, console: Console) -> None:
    """Refuse what cannot end well before any work is done."""
    if manifest.has_label_lists:
        _check_lists(manifest, options)
    present = [manifest.columns.key or "row"] if options.slim else manifest.schema.names
    names = list(NAMES)
    if options.caption_agreement:
        names.append(AGREEMENT)
        caption_column(manifest, "--caption-agreement")
    if options.soft_labels is not None:
        names += SOFT_NAMES
    renamed = not options.prefix and is_download_status(manifest.schema, manifest.columns)
    if renamed and STATUS in present:
        present = [name for name in present if name != STATUS]
        console.print(f"img2dataset's column {STATUS} is written as {RENAMED}{STATUS}.")
    check_names(present, options.prefix, str(manifest.path), names)
    if options.zero_shot:
        check_zero_shot(chosen_encoder(options, manifest))
    if options.device == "cuda":
        torch_device(options.device)
    check_output(options.output, manifest, options.slim, options.overwrite)
    check_keys(manifest)


def _check_lists(manifest: Manifest, options: WeightOptions) -> None:
    """Refuse what takes one label for each image."""
    for option, asked in (
        ("--verified", options.verified is not None),
        ("--caption-agreement", options.caption_agreement),
        ("--zero-shot", options.zero_shot),
        ("--soft-labels", options.soft_labels is not None),
        ("--encoder self", any(map(is_self, split_encoders(options.encoder or "")))),
    ):
        if asked:
            raise CurateError(
                f"{option} takes one label for each image, and column '{manifest.columns.label}' of"
                f" {manifest.path} holds lists; leave {option} out, or name another column with"
                " --label."
            )


@dataclass(frozen=True)
class _Tools:
    """What passes over the features are made with, and shown on."""

    device: str
    threads: int
    console: Console

    @cached_property
    def products(self) -> Products:
        """Find a GPU, or the processor, once."""
        return products_on(self.device)


@dataclass(frozen=True)
class _Fitted:
    """The adapted space and the prototypes, and names that tell them from any other."""

    name: str
    space_name: str
    adapted: AdaptedFeatures
    prototypes: method.Prototypes

    @property
    def fit(self) -> Fit:
        """The space and the prototypes."""
        return Fit(self.adapted.space, self.prototypes)


@dataclass(frozen=True)
class _Fits:
    """What rows are judged by: ``fitted``, and those that a person has verified ``blind``."""

    fitted: _Fitted
    blind: _Fitted
    """Made from given labels alone; the same where nothing is verified."""


def _fit_both(
    options: WeightOptions,
    shards: Sequence[Shard],
    graph: Graph,
    features: StoredFeatures,
    labels: LabelParts,
    tools: _Tools,
    run: Run,
) -> _Fits:
    """Fit with what a person has verified, and blind to it."""
    plain = replace(options, verified_use="both")
    given = LabelParts.of_given(labels.given)
    blind = _fit(plain, shards, graph, features, given, tools, run)
    if labels.verified is None:
        return _Fits(blind, blind)
    run.step("adapted").remove_all()
    return _Fits(_fit(options, shards, graph, features, labels, tools, run), blind)


def _fit(
    options: WeightOptions,
    shards: Sequence[Shard],
    graph: Graph,
    features: StoredFeatures,
    labels: LabelParts,
    tools: _Tools,
    run: Run,
) -> _Fitted:
    """Take the features through SINet's steps; each is found again or done."""
    count, rows = len(graph.table), sum(shard.rows for shard in shards)
    contents = [
        (features.contents(s.name), [part.receipt(s.name)["sha256"] for part in labels.fitted])
        for s in shards
    ]
    space_name = fingerprint(code=code_of(__name__), contents=contents)
    verified = None
    if labels.verified is not None:
        verified = labelled(StoredBlocks(shards, features, labels.verified, lambda _: None))
    with progress_bar(tools.console, "Adapting the space", rows) as advance:
        blocks = StoredBlocks(shards, features, labels.crowd, advance, tools.threads)
        try:
            space = kept(
                run.step("space"),
                space_name,
                AdaptedSpace,
                lambda: method.fit_space(blocks, count, verified, tools.products),
            )
        except SameFeaturesError as error:
            raise CurateError(
                f"{options.manifest}: all images have the same features, which tell nothing of"
                " their labels; choose another --encoder, or give other --embeddings."
            ) from error
    chosen = options.method
    name = fingerprint(space=space_name, graph=graph.name, options=vars(chosen))
    passing = Folders(run.step("adapted", space_name).root, checked=False)
    adapted = AdaptedFeatures(features, space, passing)
    prototypes_of = run.step("prototypes")
    if name not in prototypes_of:
        _adapt(adapted, shards, tools)
    with progress_bar(tools.console, "Finding prototypes", method.passes(chosen) * rows) as advance:
        blocks = StoredBlocks(shards, adapted, labels.crowd, advance, tools.threads)
        if labels.verified is not None:
            verified = labelled(replace(blocks, labels=labels.verified, advance=lambda _: None))
        prototypes = kept(
            prototypes_of,
            name,
            method.Prototypes,
            lambda: method.fit_prototypes(
                blocks,
                count,
                graph.relations,
                chosen,
                verified,
                tools.products,
                space.class_means,
            ),
        )
    return _Fitted(name, space_name, adapted, prototypes)


def _adapt(adapted: AdaptedFeatures, shards: Sequence[Shard], tools: _Tools) -> None:
    missing = [shard for shard in shards if shard.name not in adapted.store]
    rows = sum(shard.rows for shard in missing)
    with progress_bar(tools.console, "Adapting features", rows) as advance:
        adapted.adapt(missing, tools.products, tools.threads, advance)


def _remember(
    options: WeightOptions, manifest: Manifest, graph: Graph, features: StoredFeatures,
    labels: LabelParts, classes: Classes, fits: _Fits, scores: Folders,
    keys: str | None, run: Run,
) -> str:  # fmt: skip
    """Write down, for the commands that go on from here, what the weights are made from."""
    return WorkNames(
        plan=plan_name(manifest),
        features=tuple(part.root.name for part in features.parts),
        labels=labels.given.root.name,
        unverified=labels.crowd.root.name,
        space=fits.fitted.space_name,
        prototypes=fits.fitted.name,
        blind_space=fits.blind.space_name,
        blind_prototypes=fits.blind.name,
        relations=graph.stored,
        classes=classes.names,
        encoder=chosen_encoder(options, manifest) or "embeddings",
        alpha=options.alpha,
        beta=options.beta,
        scores=scores.root.name,
        class_table=graph.table_name,
        keys=keys,
    ).remember(run)


def _judge(
    options: WeightOptions,
    shards: Sequence[Shard],
    given: Given,
    labels: LabelParts,
    fits: _Fits,
    sources: SecondOpinions,
    tools: _Tools,
    run: Run,
) -> tuple[Folders, Folders | None]:
    """Score every row by its given label; returns the scores, and soft labels where wanted."""
    rows = sum(shard.rows for shard in shards)
    fitted, blind = fits.fitted, None
    receipts = [given.labels.receipt(shard.name)["sha256"] for shard in shards]
    name = fingerprint(prototypes=fitted.name, given=receipts)
    if labels.verified is not None:
        name = fingerprint(scores=name, blind=fits.blind.name)
        blind = BlindFit(fits.blind.fit, fitted.adapted.features, labels)

    def blocks_of(advance: Callable[[int], None], of: Folders = labels.given) -> StoredBlocks:
        return StoredBlocks(shards, fitted.adapted, of, advance, tools.threads)

    opinions = unasked(name)
    if sources.names:
        if opinions_name(name, sources) not in run.step("evidence"):
            _adapt(fitted.adapted, shards, tools)
        with progress_bar(tools.console, "Weighing opinions", rows) as advance:
            blocks = blocks_of(advance, labels.crowd)
            opinions = weigh_opinions(blocks, fitted.fit, sources, run, name)
        show_opinions(tools.console, sources, opinions.worth)
    scores = run.step("scores", opinions.name)
    soft, k = None, options.soft_labels
    if k is not None:
        soft = run.step("soft_labels", fingerprint(scores=name, k=k))
    stores = [scores] if soft is None else [scores, soft]
    if any(shard.name not in store for shard in shards for store in stores):
        _adapt(fitted.adapted, shards, tools)
    with progress_bar(tools.console, "Scoring", rows) as advance:
        blocks = blocks_of(advance)
        score_shards(blocks, fitted.fit, opinions, scores, given.lists, tools.products, blind)
    if soft is not None and k is not None:
        with progress_bar(tools.console, "Smoothing labels", rows) as advance:
            soft_labels.smooth_shards(
                blocks_of(advance), fitted.fit, k, soft, tools.products.gpu, blind
            )
    return scores, soft
