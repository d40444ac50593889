"""The weighted manifest, written from the scores of each shard and counted on the way."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from curate.classes import Classes
from curate.columns import SOFT_NAMES, our_columns, soft_columns
from curate.images.status import Status
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.write import write_manifest
from curate.options import WeightOptions
from curate.store.folders import Folders
from curate.summary import Tally


def write_weighted(
    manifest: Manifest,
    shards: Sequence[Shard],
    classes: Classes,
    features: Folders,
    labels: Folders,
    scores: Folders,
    soft: Folders | None,
    options: WeightOptions,
    advance: Callable[[int], None],
) -> Tally:
    """Write the output with Eq. 6's weights for this alpha and beta; return what was counted."""
    tally = Tally(classes)
    label_type = manifest.schema.field(manifest.columns.label).type

    def added(shard: Shard) -> pa.Table:
        table = scores.table(shard.name, "scores")
        statuses = features.table(shard.name, "rows")["status"]
        ours = our_columns(table, statuses, classes, label_type, options.alpha, options.beta)
        tally.add(ours, table, labels.array(shard.name, "labels"), shard.first_row)
        if soft is not None:
            there = (statuses == Status.OK).to_numpy()
            targets, shares = (soft.array(shard.name, name) for name in SOFT_NAMES)
            smoothed = soft_columns(targets, shares, there, classes, label_type)
            for name, column in zip(SOFT_NAMES, smoothed.columns, strict=True):
                ours = ours.append_column(name, column)
        return ours.rename_columns([options.prefix + name for name in ours.column_names])

    write_manifest(manifest, shards, added, options.output, options.slim, advance)
    return tally
