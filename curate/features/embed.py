"""Features of every row, encoded from its picture and kept by shards."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from curate.crawl.picture_states import States, renewed_states
from curate.crawl.pictures import Mask
from curate.crawl.stored_features import keep_features, unit_halves
from curate.encoders.base import Encoder
from curate.features.encode import Encoded, encode_shards
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.store.folders import Folders

Advance = Callable[[int], None]


def embed_pictures(
    manifest: Manifest,
    shards: Sequence[Shard],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
    files: Mapping[str, States],
) -> None:
    """Encode these shards; each is stored as soon as it is whole, with what its ``files`` were."""
    wanted = [(shard, np.ones(shard.rows, bool)) for shard in shards]
    for encoded in encode_shards(manifest, wanted, encoder, pool, advance):
        keep_features(store, encoded.shard, *_of_rows(encoded), files.get(encoded.shard.name))


def retry_pictures(
    manifest: Manifest,
    wanted: Sequence[tuple[Shard, Mask]],
    store: Folders,
    encoder: Encoder,
    pool: DecodePool,
    advance: Advance,
    files: Mapping[str, States],
) -> None:
    """Encode again some rows of finished shards; the others keep their features."""
    for encoded, (_, mask) in zip(
        encode_shards(manifest, wanted, encoder, pool, advance), wanted, strict=True
    ):
        features = np.array(store.array(encoded.shard.name, "features"), np.float16)
        statuses = store.table(encoded.shard.name, "rows")["status"].to_numpy().astype(object)
        features[mask], statuses[mask] = _of_rows(encoded)
        states = renewed_states(store, encoded.shard, mask, files)
        keep_features(store, encoded.shard, features, statuses, states)


def _of_rows(encoded: Encoded) -> tuple[NDArray[np.float16], NDArray[np.object_]]:
    """Return features (n, D) of the wanted rows, zeros where there are none, and statuses (n,)."""
    statuses = np.array(encoded.statuses, object)
    there = np.flatnonzero(statuses == Status.OK)
    features = np.zeros((len(statuses), encoded.features.shape[1]), np.float16)
    features[there], finite = unit_halves(encoded.features)
    statuses[there[~finite]] = Status.NOT_FINITE
    return features, statuses
