"""Features of every row, encoded from its picture and kept by shards."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.encoders.base import Encoder
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.steps.encode import Encoded, Mask, encode_shards
from curate.steps.stored_features import keep_features, unit_halves
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
        keep_features(store, encoded.shard, *_of_rows(encoded))


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
        features[mask], statuses[mask] = _of_rows(encoded)
        keep_features(store, encoded.shard, features, statuses)


def _of_rows(encoded: Encoded) -> tuple[NDArray[np.float16], NDArray[np.object_]]:
    """Return features (n, D) of the wanted rows, zeros where there are none, and statuses (n,)."""
    statuses = np.array(encoded.statuses, object)
    there = np.flatnonzero(statuses == Status.OK)
    features = np.zeros((len(statuses), encoded.features.shape[1]), np.float16)
    features[there], finite = unit_halves(encoded.features)
    statuses[there[~finite]] = Status.NOT_FINITE
    return features, statuses
