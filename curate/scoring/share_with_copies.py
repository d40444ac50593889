"""The share of wrong labels among all rows of a crawl in which some are copies of others."""

import numpy as np
import polars as pl

from curate.crawl.crawl import Crawl
from curate.crawl.gathered import gathered_labels
from curate.duplicates.conflicts import SurelyKnown, surely_known
from curate.duplicates.copies import Copies
from curate.manifest.classes import NO_CLASS
from curate.scoring.copies import judged_rows
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
    rows, said = judged_rows(scores, copies, crawl)
    rows = rows[said["label_quality"].is_not_null().to_numpy()]
    labels = gathered_labels(crawl.shards, crawl.labels, rows)[:, 0]
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
    """Turn the range of the share among pictures without dispute into that among all rows.

    Some labels are surely wrong or right. Among the other rows, the range goes as far around their
    share of wrong labels as around that of pictures, and holds the range of these. Without copies
    it stays.
    """
    if copies is None or not copies.count:
        return share.low, share.high
    wrong, judged = _counted(scores, crawl)
    others = judged - known.wrong - known.right
    of_others = max(wrong - known.wrong, 0) / max(others, 1)
    below, above = share.estimate - share.low, share.high - share.estimate
    low = max(min(share.low, of_others - below), 0.0)
    high = min(max(share.high, of_others + above), 1.0)
    lowest, highest = ((known.wrong + part * others) / max(judged, 1) for part in (low, high))
    return lowest, highest


def _counted(scores: Folders, crawl: Crawl) -> tuple[int, int]:
    """Count the labels that count as wrong, and all that are judged."""
    wrong = judged = 0
    for shard in crawl.shards:
        table = scores.table(shard.name, "scores")
        wrong += int(table["counted_wrong"].sum())
        judged += table["label_quality"].count()
    return wrong, judged
