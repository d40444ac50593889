"""`curate weight`: from a manifest to the same manifest with a weight for every sample.

Reads in the order in which data flows: manifest, classes and their relations (Eq. 1-3), features,
adapted space, prototypes (Eq. 4, 5), scores, weights (Eq. 6).
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from curate.classes import count_classes
from curate.columns import check_names
from curate.manifest.keys import check_keys
from curate.manifest.manifest import Manifest
from curate.manifest.open import open_manifest, require_exists
from curate.manifest.plan import Shard, freeze_plan
from curate.manifest.write import check_output
from curate.options import WeightOptions
from curate.printable import printable
from curate.progress import progress_bar
from curate.run import Run, default_folder, open_run
from curate.steps.blocks import StoredBlocks
from curate.steps.features import check_features, find_features
from curate.steps.graph import CLASSES, Graph, relate
from curate.steps.labels import index_labels
from curate.steps.score import score_shards
from curate.steps.state import kept
from curate.steps.verified import LabelParts, read_verified, say_unverified, take_apart
from curate.steps.write import write_weighted
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.summary import Tally, show_classes, show_failures, show_summary
from prototypes import method
from prototypes.blocks import labelled
from prototypes.space import AdaptedSpace
from prototypes.verified import ONLY

CODE = 3
"""Raise it when a change in prototypes/ changes scores."""


@dataclass(frozen=True)
class Weighed:
    """What a run leaves: the output, the run folder, and what was counted."""

    out: Path
    run: Path
    tally: Tally


def weigh_and_report(options: WeightOptions) -> None:
    """Weigh a manifest; the summary goes to standard output, all else to standard error."""
    weighed = weigh(options, Console(stderr=True))
    console = Console()
    show_failures(console, weighed.tally, str(options.manifest))
    show_summary(console, weighed.tally, weighed.out)
    following = escape(printable(shlex.quote(str(weighed.out))))
    console.print(f"Next: curate inspect {following}", soft_wrap=True, highlight=False)


def weigh(options: WeightOptions, console: Console) -> Weighed:
    """Weigh a manifest; progress and warnings go to ``console``.

    Raises CurateError for everything that the user can mend. What was finished before an
    interruption is used again.
    """
    require_exists(options.manifest)
    folder = options.run_dir or default_folder(options.manifest, options.output)
    with open_run(folder) as run:
        run.record(options.as_json())
        manifest = open_manifest(options.manifest, options.columns, options.root, run.step("rows"))
        _check(manifest, options)
        classes = count_classes(manifest)
        verified = None
        if options.verified is not None:
            verified = read_verified(options.verified, manifest, classes, console)
        shards = freeze_plan(manifest, run.step("plan"))
        graph = relate(manifest, classes, options.graph_options, run, console)
        features = find_features(options, manifest, shards, run, console)
        show_classes(console, graph.table, run.folder / CLASSES)
        labels = run.step(
            "labels", fingerprint(label=manifest.columns.label, classes=classes.names)
        )
        index_labels(manifest, shards, classes, labels)
        check_features(manifest, shards, classes, features, labels)
        parts = LabelParts(labels, labels, None)
        if verified is not None:
            parts = take_apart(verified, shards, labels, run)
            if options.method.verified == ONLY:
                say_unverified(parts, shards, classes, features, console)
        scores = _score(options, shards, graph, features, parts, run, console)
        with progress_bar(console, "Writing", manifest.rows) as advance:
            tally = write_weighted(
                manifest, shards, classes, features, labels, scores, options, advance
            )
    return Weighed(options.output, folder, tally)


def _check(manifest: Manifest, options: WeightOptions) -> None:
    """Refuse what cannot end well before any work is done."""
    present = [manifest.columns.key or "row"] if options.slim else manifest.schema.names
    check_names(present, options.prefix, str(manifest.path))
    check_output(options.output, manifest, options.slim, options.overwrite)
    check_keys(manifest)


def _score(
    options: WeightOptions,
    shards: Sequence[Shard],
    graph: Graph,
    features: Folders,
    labels: LabelParts,
    run: Run,
    console: Console,
) -> Folders:
    """Take the features through SINet's steps; each is found again or done."""
    count, rows = len(graph.table), sum(shard.rows for shard in shards)
    space_name = fingerprint(code=CODE, contents=_contents(shards, features, *labels.fitted))
    verified = None
    if labels.verified is not None:
        verified = labelled(StoredBlocks(shards, features, labels.verified, lambda _: None))
    with progress_bar(console, "Adapting the space", rows) as advance:
        blocks = StoredBlocks(shards, features, labels.crowd, advance)
        space = kept(
            run.step("space"),
            space_name,
            AdaptedSpace,
            lambda: method.fit_space(blocks, count, verified),
        )
    chosen = options.method
    name = fingerprint(code=CODE, space=space_name, graph=graph.name, options=vars(chosen))
    with progress_bar(console, "Finding prototypes", method.passes(chosen) * rows) as advance:
        blocks = StoredBlocks(shards, features, labels.crowd, advance)
        prototypes = kept(
            run.step("prototypes"),
            name,
            method.Prototypes,
            lambda: method.fit_prototypes(
                method.adapted(blocks, space),
                count,
                graph.relations,
                chosen,
                None if verified is None else method.adapted(verified, space),
            ),
        )
    scores = run.step("scores", fingerprint(prototypes=name, given=_contents(shards, labels.given)))
    with progress_bar(console, "Scoring", rows) as advance:
        given = StoredBlocks(shards, features, labels.given, advance)
        score_shards(given, space, prototypes, scores)
    return scores


def _contents(shards: Sequence[Shard], *stores: Folders) -> list[object]:
    return [store.receipt(shard.name)["sha256"] for store in stores for shard in shards]
