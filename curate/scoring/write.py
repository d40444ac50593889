"""Write the weighted manifest from the scores of each shard, and count what is written."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from curate.crawl.crawl import Crawl
from curate.crawl.labels import label_pairs
from curate.crawl.stored_features import StoredFeatures
from curate.duplicates.columns import CopyColumns
from curate.images.status import Status
from curate.manifest.columns import NO_KEY
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.scoring.tally import Tally
from curate.store.folders import Folders
from curate.weighted.columns import COPY_NAMES, SOFT_NAMES, our_columns, soft_columns
from curate.weighted.image_paths import root_of_output, way_from
from curate.weighted.list_columns import list_columns
from curate.weighted.origin import Origin
from curate.weighted.provenance import Making
from curate.weighted.unjudged import unjudged_labels, usual_weight
from curate.weighted.verified_share import VerifiedShare
from curate.weighted.write import write_manifest


@dataclass(frozen=True)
class Judged:
    """The stored scores of a crawl's rows, and what else was asked for."""

    crawl: Crawl
    features: StoredFeatures
    scores: Folders
    soft: Folders | None = None
    copies: CopyColumns | None = None


def write_weighted(
    judged: Judged, options: WeightOptions, origin: Origin, advance: Callable[[int], None]
) -> Tally:
    """Write the output with Eq. 6's weights for this alpha and beta; return what was counted."""
    crawl, out = judged.crawl, options.output
    empty = Tally.empty(crawl.classes, crawl.lists, crawl.manifest.skipped)
    usual = usual_weight(judged.scores, crawl.shards, options.alpha, options.beta)
    added = partial(_added, judged, options, usual, empty)
    way = None if _stay(options) else way_from(out, crawl.manifest)
    return write_manifest(
        crawl.manifest, crawl.shards, added, out, options.slim, origin, advance, way
    )


def weighted_origin(
    manifest: Manifest,
    options: WeightOptions,
    run: Path,
    work: str,
    made: Making,
    verified: VerifiedShare | None,
    range_of_wrong: tuple[float, float],
) -> Origin:
    """Say what the output is made from, for the commands that read it."""
    named = _named(manifest, options.columns)
    root = manifest.root if _stay(options) else root_of_output(manifest, options.output)
    return Origin(
        manifest.path, run, root, named, options.prefix, work, (made,), manifest.skipped,
        verified, range_of_wrong,
    )  # fmt: skip


def _stay(options: WeightOptions) -> bool:
    """Tell whether image paths stay: there are none, or later commands are given --root too."""
    return options.slim or options.root is not None


def _added(
    judged: Judged, options: WeightOptions, usual: float, tally: Tally, shard: Shard
) -> tuple[pa.Table, Tally]:
    """Make a shard's columns, and count them."""
    crawl = judged.crawl
    classes, column = crawl.classes, crawl.manifest.label_type
    table, statuses = (
        judged.scores.table(shard.name, "scores"),
        judged.features.statuses(shard.name),
    )
    sets = crawl.sets(shard)
    rows, places = label_pairs(sets)
    of_pairs = statuses if sets.shape[1] == 1 else statuses.gather(rows)
    labels = sets[rows, places]
    unjudged = unjudged_labels(table, of_pairs, labels)
    ours = our_columns(
        table, of_pairs, classes, column, options.alpha, options.beta, unjudged, usual
    )
    tally = tally.with_rows(statuses, shard.first_row).with_labels(ours, table, labels, unjudged)
    if crawl.lists:
        lists = crawl.labels.array(shard.name, "given"), crawl.labels.array(shard.name, "lengths")
        missing = judged.scores.table(shard.name, "missing")
        ours = list_columns(ours, lists, missing, statuses, classes, column)
        tally = tally.with_missing(missing)
    if judged.copies is not None:
        copies = judged.copies.of_shard(shard, statuses)
        ours = pa.table([*ours.columns, *copies.columns], [*ours.column_names, *COPY_NAMES])
    if judged.soft is not None:
        has_features = (statuses == Status.OK).to_numpy()
        targets, shares = (judged.soft.array(shard.name, name) for name in SOFT_NAMES)
        smoothed = soft_columns(targets, shares, has_features, classes, column)
        for name, values in zip(SOFT_NAMES, smoothed.columns, strict=True):
            ours = ours.append_column(name, values)
    return ours.rename_columns([options.prefix + name for name in ours.column_names]), tally


def _named(manifest: Manifest, named: ColumnOptions) -> ColumnOptions:
    """Name the columns that were found; of tars, label and caption are fields of their JSON."""
    found, key = manifest.columns, manifest.columns.key or NO_KEY
    if manifest.in_tars:
        return replace(named, key=key)
    return ColumnOptions(found.label, found.image, key, found.caption)
