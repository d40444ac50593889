"""The weighted manifest, written from the scores of each shard and counted on the way."""

from collections.abc import Callable, Sequence

import pyarrow as pa

from curate.classes import Classes
from curate.columns import our_columns
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.manifest.write import write_manifest
from curate.options import WeightOptions
from curate.steps.stored_features import StoredFeatures
from curate.store.folders import Folders
from curate.summary import Tally


def write_weighted(
    manifest: Manifest,
    shards: Sequence[Shard],
    classes: Classes,
    features: StoredFeatures,
    labels: Folders,
    scores: Folders,
    options: WeightOptions,
    advance: Callable[[int], None],
) -> Tally:
    """Write the output with Eq. 6's weights for this alpha and beta; return what was counted."""
    tally = Tally(classes)
    label_type = manifest.schema.field(manifest.columns.label).type

    def added(shard: Shard) -> pa.Table:
        table = scores.table(shard.name, "scores")
        statuses = features.statuses(shard.name)
        ours = our_columns(table, statuses, classes, label_type, options.alpha, options.beta)
        tally.add(ours, table["counted_wrong"], labels.array(shard.name, "labels"), shard.first_row)
        return ours.rename_columns([options.prefix + name for name in ours.column_names])

    write_manifest(manifest, shards, added, options.output, options.slim, advance)
    return tally
