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
from curate.steps.given import Given
from curate.steps.graph import CLASSES, Graph, relate
from curate.steps.labels import index_labels
from curate.steps.score import score_shards
from curate.steps.state import kept
from curate.steps.stored_features import StoredFeatures
from curate.steps.write import write_weighted
from curate.store.fingerprint import fingerprint
from curate.store.folders import Folders
from curate.summary import Tally, show_classes, show_failures, show_summary
from prototypes import method
from prototypes.space import AdaptedSpace

CODE = 3
"""Raise it when a change in prototypes/ changes scores."""
PROTOTYPE_PASSES = 4


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
        shards = freeze_plan(manifest, run.step("plan"))
        graph = relate(manifest, classes, options.graph_options, run, console)
        labels = run.step(
            "labels", fingerprint(label=manifest.columns.label, classes=classes.names)
        )
        index_labels(manifest, shards, classes, labels)
        features = find_features(options, manifest, shards, Given(classes, labels), run, console)
        show_classes(console, graph.table, run.folder / CLASSES)
        check_features(manifest, shards, classes, features, labels)
        scores = _score(options, shards, graph, features, labels, run, console)
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
    features: StoredFeatures,
    labels: Folders,
    run: Run,
    console: Console,
) -> Folders:
    """Take the features through SINet's steps; each is found again or done."""
    count, rows = len(graph.table), sum(shard.rows for shard in shards)
    contents = [
        (features.contents(shard.name), labels.receipt(shard.name)["sha256"]) for shard in shards
    ]
    space_name = fingerprint(code=CODE, contents=contents)
    with progress_bar(console, "Adapting the space", rows) as advance:
        blocks = StoredBlocks(shards, features, labels, advance)
        space = kept(
            run.step("space"),
            space_name,
            AdaptedSpace,
            lambda: method.fit_space(blocks, count),
        )
    chosen = method.Options(gamma=options.gamma)
    name = fingerprint(code=CODE, space=space_name, graph=graph.name, options=vars(chosen))
    with progress_bar(console, "Finding prototypes", PROTOTYPE_PASSES * rows) as advance:
        blocks = StoredBlocks(shards, features, labels, advance)
        prototypes = kept(
            run.step("prototypes"),
            name,
            method.Prototypes,
            lambda: method.fit_prototypes(
                method.adapted(blocks, space), count, graph.relations, chosen
            ),
        )
    scores = run.step("scores", name)
    with progress_bar(console, "Scoring", rows) as advance:
        score_shards(StoredBlocks(shards, features, labels, advance), space, prototypes, scores)
    return scores
