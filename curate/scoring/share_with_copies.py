"""The share of wrong labels among all rows of a crawl in which some are copies of others."""

import numpy as np
import polars as pl

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.conflicts import SurelyKnown, surely_known
from curate.duplicates.copies import Copies
from curate.manifest.classes import NO_CLASS
from curate.scoring.copies import qualities
from curate.store.folders import Folders
from prototypes.fit.wrong_share import WrongShare


def known_of_copies(
    scores: Folders, copies: Copies | None, crawl: Crawl, verified: pl.DataFrame | None
) -> SurelyKnown:
    """Count the labels of copies that their other labels, or answers of people, decide.

    ``verified`` is as `VerifiedRows.all`. Nothing is known of lists, of which several may be right.
    """
    if copies is None or not copies.count or crawl.lists:
        return SurelyKnown()
    rows = np.sort(copies.members)
    labels = gathered_labels(crawl.shards, crawl.labels, rows)[:, 0]
    judged = ~np.isnan(qualities(scores, crawl, rows)) & (labels >= 0)
    rows, labels = rows[judged], labels[judged]
    answers, answered = np.full(len(rows), NO_CLASS), np.zeros(len(rows), bool)
    if verified is not None:
        known = pl.DataFrame({"row": rows}).join(
            verified.select(pl.col("row").cast(pl.Int64), "label"),
            on="row", how="left", maintain_order="left",
        )["label"]  # fmt: skip
        answers, answered = known.fill_null(NO_CLASS).to_numpy(), known.is_not_null().to_numpy()
    return surely_known(copies.representative[rows], labels, answers, answered)


def range_with_copies(
    share: WrongShare, scores: Folders, copies: Copies | None, crawl: Crawl, known: SurelyKnown
) -> tuple[float, float]:
    """Widen the range of the share among different pictures to that among all rows.

    It goes as far around the share of rows as around that of pictures, and is not below what is
    surely wrong. Without copies it stays.
    """
    low, high = share.low, share.high
    if copies is None or not copies.count:
        return low, high
    wrong, judged = _counted(scores, crawl)
    rows = wrong / max(judged, 1)
    low = max(min(low, rows - (share.estimate - low)), known.wrong / max(judged, 1))
    return low, min(max(low, high, rows + high - share.estimate), 1.0)


def _counted(scores: Folders, crawl: Crawl) -> tuple[int, int]:
    """Count the labels that count as wrong, and all that are judged."""
    wrong = judged = 0
    for shard in crawl.shards:
        table = scores.table(shard.name, "scores")
        wrong += int(table["counted_wrong"].sum())
        judged += table["label_quality"].count()
    return wrong, judged
