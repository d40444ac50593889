"""The step that finds the copies in a crawl, and what it keeps."""

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_features
from curate.crawl.stored_features import StoredFeatures
from curate.duplicates.chance import Floats
from curate.duplicates.feature_codes import feature_codes
from curate.duplicates.same_picture import SAMPLE, Units, group_features, group_pictures
from curate.duplicates.stars import Rows
from curate.manifest.plan import Shard
from curate.store.run import Advance, Run
from curate.store.step import Kept, Made, Step
from prototypes.engine.blocks import unit_rows

COPIES = Step("duplicates", code=(__name__,), beside=("curate.manifest",), title="Finding copies")


@dataclass(frozen=True)
class Copies:
    """Which rows of a run are copies of which."""

    name: str
    """By which `load_copies` finds them in the run folder."""
    representative: Rows
    """(N,): the first row of each row's group; the row itself where it is that, or has no copies.
    """

    @cached_property
    def sizes(self) -> NDArray[np.int32]:
        """Count the rows of each row's group (N,); 1 without copies."""
        counts = np.bincount(self.representative, minlength=len(self.representative))
        return counts.astype(np.int32)[self.representative]

    @cached_property
    def members(self) -> Rows:
        """List the rows (m,) that have copies, group by group, the representative first."""
        rows = np.flatnonzero(self.sizes > 1)
        return rows[np.argsort(self.representative[rows], kind="stable")]

    @property
    def count(self) -> int:
        """Count the rows that are copies of an earlier row."""
        return int((self.representative != np.arange(len(self.representative))).sum())

    @property
    def groups(self) -> int:
        """Count the groups of two rows and more."""
        return len(self.members) - self.count

    def of_one_picture(self, features: StoredFeatures, shards: tuple[Shard, ...]) -> bool:
        """Tell whether all rows with features show one picture, by their pictures' hashes."""
        if any(features.hashes(shard.name) is None for shard in shards):
            return False
        known = sum(int(features.has_features(shard.name).sum()) for shard in shards)
        return int(self.sizes.max()) == known


def find_copies(crawl: Crawl, features: StoredFeatures) -> Copies:
    """Group the copies among a crawl's rows, or load them; see `same_picture`.

    They depend neither on labels nor on the number of workers. Rows without features are copies
    of nothing.
    """
    facts = {"contents": [features.contents(shard.name) for shard in crawl.shards]}
    kept = COPIES.once(crawl.run, facts, partial(_find, crawl.shards, features), crawl.rows)
    return _opened(kept)


def load_copies(run: Run, name: str) -> Copies:
    """Open the copies of that name; raises FileNotFoundError where there are none."""
    return _opened(Kept(run.step(COPIES.name), name))


def _opened(kept: Kept) -> Copies:
    return Copies(kept.name, kept.array("representative"))


def _find(shards: tuple[Shard, ...], features: StoredFeatures, advance: Advance) -> Made:
    has_features = np.concatenate([features.has_features(shard.name) for shard in shards])
    representative = np.arange(len(has_features))
    known = np.flatnonzero(has_features)

    def units(rows: Rows) -> Floats:
        return unit_rows(gathered_features(shards, features, known[rows])[0])

    if len(known):
        representative[known] = known[_grouped(shards, features, known, units)]
    advance(len(has_features))
    return Made({"representative": representative})


def _grouped(
    shards: tuple[Shard, ...], features: StoredFeatures, known: Rows, units: Units
) -> Rows:
    """Group rows (n,) that have features by their pictures' hashes, or else by their features."""
    hashes = [features.hashes(shard.name) for shard in shards]
    hashed = [part for part in hashes if part is not None]
    if len(hashed) == len(shards):
        return group_pictures(np.concatenate(hashed)[known], units)
    sample = units(np.linspace(0, len(known) - 1, min(len(known), SAMPLE)).astype(np.int64))
    return group_features(feature_codes(shards, features, sample)[known], units)
