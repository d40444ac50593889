"""Features of every row, encoded from its picture and kept by shards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.crawl.picture_states import States, renewed_states
from curate.crawl.pictures import Mask
from curate.crawl.stored_features import kept_hashes, made_features, unit_halves
from curate.encoders.base import Encoder
from curate.features.encode import Encoded, encode_shards
from curate.features.from_pictures import BESIDE_PICTURES
from curate.images.picture_hash import Hashes, no_hashes
from curate.images.status import Status
from curate.images.workers import DecodePool
from curate.manifest.manifest import Manifest
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.store.run import Advance
from curate.store.step import Step, Task

ENCODED = Step("features", code=(__name__,), beside=BESIDE_PICTURES, title="Encoding")


@dataclass(frozen=True)
class Encoding:
    """What pictures are encoded with."""

    manifest: Manifest
    encoder: Encoder
    pool: DecodePool
    files: Mapping[str, States]
    """What the pictures' files are, by shard; kept beside the features."""

    def embed(self, shards: Sequence[Shard], advance: Advance) -> Iterator[tuple[Shard, Task]]:
        """Encode every row of these shards; each comes as soon as it is whole."""
        for encoded in self._encode([(s, np.ones(s.rows, bool)) for s in shards], advance):
            files = self.files.get(encoded.shard.name)
            yield encoded.shard, partial(made_features, *_of_rows(encoded), files=files)

    def embed_again(
        self, wanted: Sequence[tuple[Shard, Mask]], store: Folders, advance: Advance
    ) -> Iterator[tuple[Shard, Task]]:
        """Encode again some rows of finished shards; the others keep their features."""
        for encoded, (shard, mask) in zip(self._encode(wanted, advance), wanted, strict=True):
            features = np.array(store.array(shard.name, "features"), np.float16)
            statuses = store.table(shard.name, "rows")["status"].to_numpy().astype(object)
            hashes = kept_hashes(store, shard.name)
            features[mask], statuses[mask], again = _of_rows(encoded)
            if hashes is not None:
                hashes = np.array(hashes)
                hashes[mask] = no_hashes(len(statuses[mask])) if again is None else again
            states = renewed_states(store, shard, mask, self.files)
            yield shard, partial(made_features, features, statuses, hashes, states)

    def _encode(self, wanted: Sequence[tuple[Shard, Mask]], advance: Advance) -> Iterator[Encoded]:
        return encode_shards(self.manifest, wanted, self.encoder, self.pool, advance)


def _of_rows(
    encoded: Encoded,
) -> tuple[NDArray[np.float16], NDArray[np.object_], Hashes | None]:
    """Return features (n, D) of the wanted rows, statuses (n,), and hashes (n,) if there are any.

    Features and hashes are zeros where there is no picture.
    """
    statuses = np.array(encoded.statuses, object)
    encoded_rows = np.flatnonzero(statuses == Status.OK)
    features = np.zeros((len(statuses), encoded.features.shape[1]), np.float16)
    features[encoded_rows], finite = unit_halves(encoded.features)
    hashes = None if encoded.hashes is None else no_hashes(len(statuses))
    if hashes is not None:
        hashes[encoded_rows] = encoded.hashes
    statuses[encoded_rows[~finite]] = Status.NOT_FINITE
    return features, statuses, hashes
