"""Features of every row, encoded from its picture and kept by shards."""

from collections.abc import Callable, Sequence

import numpy as np

from curate.encoders.base import Encoder
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.steps.encode import Mask, encode_shards
from curate.steps.stored_features import keep_features, unit_rows
from curate.store.folders import Folders

Advance = Callable[[int], None]


def embed_pictures(
    manifest: Manifest,
    shards: Sequence[Shard],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
) -> None:
    """Encode these shards; each is stored as soon as it is whole."""
    wanted = [(shard, np.ones(shard.rows, bool)) for shard in shards]
    for encoded in encode_shards(manifest, wanted, encoder, pool, advance):
        statuses = np.array(encoded.statuses, object)
        features = np.zeros((encoded.shard.rows, encoder.dim), np.float16)
        features[statuses == Status.OK] = unit_rows(encoded.features)
        keep_features(store, encoded.shard, features, statuses)


def retry_pictures(
    manifest: Manifest,
    failed: Sequence[tuple[Shard, Mask]],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
) -> None:
    """Encode again the failed rows of finished shards; the others keep their features."""
    for encoded, (_, mask) in zip(
        encode_shards(manifest, failed, encoder, pool, advance), failed, strict=True
    ):
        features = np.array(store.array(encoded.shard.name, "features"), np.float16)
        statuses = store.table(encoded.shard.name, "rows")["status"].to_numpy().astype(object)
        statuses[mask] = encoded.statuses
        features[mask & (statuses == Status.OK)] = unit_rows(encoded.features)
        keep_features(store, encoded.shard, features, statuses)
