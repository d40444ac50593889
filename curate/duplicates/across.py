"""Copies across two crawls: rows of one that show a picture of the other."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from curate.crawl.gathered import gathered_features
from curate.crawl.stored_features import StoredFeatures
from curate.duplicates.chance import Floats
from curate.duplicates.feature_codes import feature_codes
from curate.duplicates.same_picture import SAMPLE, group_features, group_pictures
from curate.duplicates.stars import Rows
from curate.images.picture_hash import Hashes
from curate.manifest.plan import Shard
from prototypes.engine.blocks import unit_rows


@dataclass(frozen=True)
class Side:
    """The rows of a crawl that have features."""

    shards: tuple[Shard, ...]
    features: StoredFeatures

    @cached_property
    def known(self) -> Rows:
        """List those rows (n,)."""
        parts = [self.features.has_features(shard.name) for shard in self.shards]
        return np.flatnonzero(np.concatenate(parts))

    @property
    def width(self) -> int:
        """Return D."""
        return self.features.columns(len(self.features.parts) - 1, self.shards[0].name)[1]

    @property
    def hashes(self) -> Hashes | None:
        """The hashes of their pictures (n,); None where there are none."""
        parts = [self.features.hashes(shard.name) for shard in self.shards]
        found = [part for part in parts if part is not None]
        return np.concatenate(found)[self.known] if len(found) == len(parts) else None

    def units(self, places: Rows) -> Floats:
        """Give features (m, D), of unit length, of some of the known rows by place (m,)."""
        return unit_rows(gathered_features(self.shards, self.features, self.known[places])[0])

    def codes(self, sample: Floats) -> NDArray[np.uint64]:
        """Hash the features of the known rows (n,), see `feature_codes`."""
        return feature_codes(self.shards, self.features, sample)[self.known]


@dataclass(frozen=True)
class Across:
    """Rows of a crawl that are copies of rows of another one."""

    rows: Rows
    """(m,), ascending."""
    of: Rows
    """(m,): the other one's rows that they are copies of."""


def copies_across(own: Side, other: Side) -> Across:
    """Find the rows of ``own`` that are copies of rows of ``other``.

    By their pictures' hashes and features, where both crawls have hashes; else by features alone.
    The features must be of the same encoder.
    """
    if not len(own.known) or not len(other.known):
        return Across(np.empty(0, np.int64), np.empty(0, np.int64))
    representative = _grouped(own, other)
    # The other crawl's rows come first, so that they represent the groups that they are in.
    first, count = representative[len(other.known) :], len(other.known)
    firsts, at = np.unique(representative[:count], return_index=True)
    copied = np.flatnonzero(np.isin(first, firsts))
    return Across(own.known[copied], other.known[at[np.searchsorted(firsts, first[copied])]])


def _grouped(own: Side, other: Side) -> Rows:
    count = len(other.known)

    def units(rows: Rows) -> Floats:
        found, of_own = np.empty((len(rows), own.width), np.float32), rows >= count
        found[~of_own] = other.units(rows[~of_own])
        found[of_own] = own.units(rows[of_own] - count)
        return found

    hashes = other.hashes, own.hashes
    if hashes[0] is not None and hashes[1] is not None:
        return group_pictures(np.concatenate([hashes[0], hashes[1]]), units)
    total = count + len(own.known)
    sample = units(np.linspace(0, total - 1, min(total, SAMPLE)).astype(np.int64))
    return group_features(np.concatenate([other.codes(sample), own.codes(sample)]), units)
