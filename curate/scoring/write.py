"""The weighted manifest, written from the scores of each shard and counted on the way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from curate.crawl.given import Given
from curate.crawl.labels import label_pairs, stored_sets
from curate.crawl.stored_features import StoredFeatures
from curate.images.status import Status
from curate.manifest.columns import NO_KEY
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.options.columns import ColumnOptions
from curate.options.weight import WeightOptions
from curate.scoring.summary import Tally
from curate.store.folders import Folders
from curate.weighted.columns import SOFT_NAMES, our_columns, soft_columns
from curate.weighted.list_columns import list_columns
from curate.weighted.origin import Origin
from curate.weighted.provenance import Making
from curate.weighted.write import write_manifest


def write_weighted(
    manifest: Manifest,
    shards: Sequence[Shard],
    features: StoredFeatures,
    given: Given,
    scores: Folders,
    soft: Folders | None,
    options: WeightOptions,
    run: Path,
    work: str,
    made: Making,
    advance: Callable[[int], None],
) -> Tally:
    """Write the output with Eq. 6's weights for this alpha and beta; return what was counted."""
    classes, labels = given.classes, given.labels
    tally = Tally(classes, lists=given.lists, skipped=manifest.skipped)
    column = manifest.label_type

    def added(shard: Shard) -> pa.Table:
        table = scores.table(shard.name, "scores")
        statuses = features.statuses(shard.name)
        sets = stored_sets(labels, shard)
        rows, places = label_pairs(sets)
        of_pairs = statuses if sets.shape[1] == 1 else statuses.gather(rows)
        ours = our_columns(table, of_pairs, classes, column, options.alpha, options.beta)
        tally.add_rows(statuses, shard.first_row)
        tally.add_labels(ours, table, sets[rows, places])
        if manifest.has_label_lists:
            lists = labels.array(shard.name, "given"), labels.array(shard.name, "lengths")
            missing = scores.table(shard.name, "missing")
            ours = list_columns(ours, lists, missing, statuses, classes, column)
            tally.add_missing(missing)
        if soft is not None:
            there = (statuses == Status.OK).to_numpy()
            targets, shares = (soft.array(shard.name, name) for name in SOFT_NAMES)
            smoothed = soft_columns(targets, shares, there, classes, column)
            for name, values in zip(SOFT_NAMES, smoothed.columns, strict=True):
                ours = ours.append_column(name, values)
        return ours.rename_columns([options.prefix + name for name in ours.column_names])

    origin = Origin(
        manifest.path,
        run,
        manifest.root,
        _named(manifest, options.columns),
        options.prefix,
        work,
        (made,),
        manifest.skipped,
    )
    write_manifest(manifest, shards, added, options.output, options.slim, origin, advance)
    return tally


def _named(manifest: Manifest, named: ColumnOptions) -> ColumnOptions:
    """Name the columns that were found; of tars, label and caption are fields of their JSON."""
    found, key = manifest.columns, manifest.columns.key or NO_KEY
    if manifest.in_tars:
        return replace(named, key=key)
    return ColumnOptions(found.label, found.image, key, found.caption)
