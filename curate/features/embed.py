"""Features of every row, encoded from its picture and kept by shards."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

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
from curate.store.step import ShardTasks, Step, Task

ENCODED = Step("features", code=(__name__,), beside=BESIDE_PICTURES, title="Encoding")


class Wanted(NamedTuple):
    """A shard of which some rows are to be encoded."""

    shard: Shard
    rows: Mask
    """(n,)"""
    files: States | None
    """What the pictures' files are (n,); kept beside the features."""


@dataclass(frozen=True)
class Encoding:
    """What pictures are encoded with; each worker opens an encoder and decoders of its own."""

    manifest: Manifest
    open_encoder: Callable[[], Encoder]
    decoders: int
    """Processes."""
    tell: Callable[[DecodePool], None] = lambda _: None
    """Told here of the decoders when all is done."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel without an encoder that is open."""
        return Encoding, (self.manifest, self.open_encoder, self.decoders)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, opened once in each worker."""
        return self.open_encoder()

    @contextmanager
    def described(self) -> Iterator[Callable[..., list[Callable[[], str]]]]:
        """Give the work that names the encoder by its fingerprint, where it is to compute."""
        yield lambda _items, _advance: [lambda: self.encoder.fingerprint]

    @contextmanager
    def opened(self, store: Folders | None = None) -> Iterator[ShardTasks]:
        """Give the work that encodes; of shards finished in ``store`` other rows are kept."""
        with DecodePool(self.encoder.preprocess, self.decoders, hashed=True) as pool:
            yield partial(self.embed if store is None else partial(self._again, store), pool)
            self.tell(pool)

    def embed(
        self, pool: DecodePool, wanted: Iterable[Wanted], advance: Advance
    ) -> Iterator[tuple[Shard, Task]]:
        """Encode every wanted row; each shard comes as soon as it is whole."""
        for encoded, each in self._encode(pool, list(wanted), advance):
            yield each.shard, partial(made_features, *_of_rows(encoded), files=each.files)

    def _again(
        self, store: Folders, pool: DecodePool, wanted: Iterable[Wanted], advance: Advance
    ) -> Iterator[tuple[Shard, Task]]:
        """Encode again some rows of finished shards; the others keep their features."""
        for encoded, (shard, mask, files) in self._encode(pool, list(wanted), advance):
            features = np.array(store.array(shard.name, "features"), np.float16)
            statuses = store.table(shard.name, "rows")["status"].to_numpy().astype(object)
            hashes = kept_hashes(store, shard.name)
            features[mask], statuses[mask], again = _of_rows(encoded)
            if hashes is not None:
                hashes = np.array(hashes)
                hashes[mask] = no_hashes(len(statuses[mask])) if again is None else again
            known = {} if files is None else {shard.name: files}
            states = renewed_states(store, shard, mask, known)
            yield shard, partial(made_features, features, statuses, hashes, states)

    def _encode(
        self, pool: DecodePool, wanted: list[Wanted], advance: Advance
    ) -> Iterator[tuple[Encoded, Wanted]]:
        pairs = [(each.shard, each.rows) for each in wanted]
        encoded = encode_shards(self.manifest, pairs, self.encoder, pool, advance)
        return zip(encoded, wanted, strict=True)


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
