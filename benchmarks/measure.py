"""A method's judgement held against the truth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.crawl import CLEAN, Crawl
from benchmarks.methods import Judgement
from benchmarks.metrics import auroc, average_precision, f1_at_rate, precision_recall


def measure(method: str, judgement: Judgement, crawl: Crawl) -> list[dict[str, Any]]:
    """Return a dict for each score; what is the method's, not a score's, is in the first."""
    wrong = crawl.wrong
    rows: list[dict[str, Any]] = [
        {
            "method": method,
            "score": name,
            "auroc": auroc(wrong, score),
            "average_precision": average_precision(wrong, score),
            "f1": f1_at_rate(wrong, score),
            "auroc_by_kind": by_kind(crawl, score),
        }
        for name, score in judgement.scores.items()
    ]
    precision, recall = precision_recall(wrong, judgement.flag)
    rows[0] |= {
        "flag_precision": precision,
        "flag_recall": recall,
        "estimated_noise": judgement.noise,
    }
    return rows


def by_kind(crawl: Crawl, score: NDArray[np.floating[Any]]) -> dict[str, float]:
    """Return AUROC among the clean rows and those of one kind, for each kind of noise."""
    found = {}
    for kind in sorted(set(crawl.kinds) - {CLEAN}):
        among = ~crawl.wrong | (crawl.kinds == kind)
        found[str(kind)] = auroc(crawl.wrong[among], score[among])
    return found
