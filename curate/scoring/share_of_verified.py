"""What the verified rows of a crawl say of the share of its wrong labels."""

import numpy as np
import polars as pl

from curate.crawl.crawl import Crawl
from curate.duplicates.conflicts import SurelyKnown
from curate.manifest.plan import Shard
from curate.store.folders import Folders
from curate.weighted.verified_share import VerifiedShare, verified_share
from prototypes.score.verified_share import BINS, doubt_bins


def share_of_verified(
    verified: pl.DataFrame | None, scores: Folders, crawl: Crawl, known: SurelyKnown
) -> VerifiedShare | None:
    """Estimate the share of wrong labels by what the blind fit says of all rows.

    ``verified`` is as `VerifiedRows.answered`; None where nothing is verified. Each row counts by
    its own answer, also where that to a copy is another one: without these, the others would be no
    random sample. The other fit knows verified labels: its qualities of verified rows mean
    something else than those of others. The share is not beyond what is ``known`` of copies.
    """
    if verified is None:
        return None
    population, parts = np.zeros(BINS, np.int64), []
    for shard in crawl.shards:
        judged = _judged(scores, crawl, shard)
        population += np.bincount(doubt_bins(judged["label_quality"].to_numpy()), minlength=BINS)
        parts.append(judged.join(verified, on="row"))
    found = pl.concat(parts).with_columns(wrong=pl.col("given") != pl.col("label"))
    count = max(int(population.sum()), 1)
    told = verified_share(found, population, crawl.rows)
    return told.between(known.wrong / count, 1 - known.right / count)


def _judged(scores: Folders, crawl: Crawl, shard: Shard) -> pl.DataFrame:
    """Read the judged rows of a shard: row (of the manifest), given, label_quality."""
    blind = scores.table(shard.name, "blind")
    given = crawl.labels.array(shard.name, "labels")[blind["row"].to_numpy()]
    return blind.select(
        pl.col("row").cast(pl.get_index_type()) + shard.first_row, "label_quality",
        given=pl.Series(given),
    ).drop_nulls()  # fmt: skip
