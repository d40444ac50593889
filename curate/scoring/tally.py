"""Counts over the rows that are written, added up shard by shard."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from curate.images.status import Status
from curate.manifest.classes import Classes
from curate.terminal.printable import FEW
from curate.terminal.skipped import Skipped
from curate.weighted.counts import Counts, holding
from curate.weighted.verified_share import VerifiedShare
from prototypes.score.noise_matrix import (
    NoiseCounts,
    empty_counts,
    estimated_truth,
    noise_counts,
)


@dataclass(frozen=True)
class Tally:
    """Counts over some rows; those of other rows can be added."""

    classes: Classes
    lists: bool
    """Images have lists of labels."""
    noise_counts: NoiseCounts
    """Pairs of given and estimated true class, over the rows that could be judged."""
    judged: NDArray[np.int64]
    """(C,): labels of each class that could be judged."""
    issues: NDArray[np.int64]
    """(C,): those of them that are flagged."""
    unjudged: NDArray[np.int64]
    """(C,): labels of images that have features, but whose class has too few images."""
    rows: int = 0
    unlabelled: int = 0
    zero_weight: int = 0
    wrong: int = 0
    """Labels that count as wrong in the estimate of their share."""
    skipped: tuple[Skipped, ...] = ()
    """Parts of the user's files that are in no row."""
    missing: int = 0
    """Labels that images with lists seem to lack."""
    incomplete: int = 0
    """Images that seem to lack a label."""
    statuses: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Per status, the first few rows that have it."""
    verified: VerifiedShare | None = None
    """The share of wrong labels that verified rows tell; None without --verified."""
    range_of_wrong: tuple[float, float] | None = None
    """The range of the estimated share of wrong labels."""

    @classmethod
    def empty(cls, classes: Classes, lists: bool, skipped: tuple[Skipped, ...] = ()) -> "Tally":
        """Count nothing."""
        count = len(classes.names)
        none = np.zeros(count, np.int64)
        return cls(classes, lists, empty_counts(count), none, none, none, skipped=skipped)

    def __add__(self, other: "Tally") -> "Tally":
        """Add the counts of later rows of the same crawl."""
        return replace(
            self,
            noise_counts=self.noise_counts + other.noise_counts,
            judged=self.judged + other.judged,
            issues=self.issues + other.issues,
            unjudged=self.unjudged + other.unjudged,
            rows=self.rows + other.rows,
            unlabelled=self.unlabelled + other.unlabelled,
            zero_weight=self.zero_weight + other.zero_weight,
            wrong=self.wrong + other.wrong,
            missing=self.missing + other.missing,
            incomplete=self.incomplete + other.incomplete,
            statuses=self.statuses + other.statuses,
            kinds=self.kinds + other.kinds,
            examples=_first(self.examples, other.examples),
        )

    def with_rows(self, statuses: pl.Series, first_row: int) -> "Tally":
        """Count the rows of a shard."""
        failed = (statuses != Status.OK).arg_true()
        examples: dict[str, list[str]] = {}
        for at in failed:
            named = examples.setdefault(statuses[at], [])
            if len(named) < FEW:
                named.append(f"row {first_row + at + 1}")
        rows, counts = len(statuses), Counter(_counts(statuses))
        return self + replace(self._none, rows=rows, statuses=counts, examples=examples)

    def with_missing(self, missing: pl.DataFrame) -> "Tally":
        """Count the labels that lists of a shard seem to lack; ``missing`` has a row for each."""
        images = missing["row"].n_unique()
        return self + replace(self._none, missing=len(missing), incomplete=images)

    def with_labels(
        self,
        ours: pa.Table,
        scores: pl.DataFrame,
        labels: NDArray[np.int32],
        unjudged: NDArray[np.bool_],
    ) -> "Tally":
        """Count the labels of a shard: its columns, its stored scores, and the positions."""
        count = len(self.judged)
        zero = (pl.Series(ours["weight"]) == 0).to_numpy()
        ok = (pl.Series(ours["status"]) == Status.OK).to_numpy() & (labels >= 0) & ~unjudged
        flagged = ok & pl.Series(ours["is_label_issue"]).fill_null(False).to_numpy()
        return self + replace(
            self._none,
            noise_counts=_noise(scores.filter(pl.lit(pl.Series(ok))), labels[ok], count),
            judged=np.bincount(labels[ok], minlength=count),
            issues=np.bincount(labels[flagged], minlength=count),
            unjudged=np.bincount(labels[unjudged], minlength=count),
            unlabelled=int((labels < 0).sum()),
            zero_weight=int((zero & (labels >= 0) if self.lists else zero).sum()),
            wrong=int(scores["counted_wrong"].sum()),
            kinds=Counter(_counts(pl.Series(ours["issue_kind"]).drop_nulls())),
        )

    @property
    def _none(self) -> "Tally":
        return Tally.empty(self.classes, self.lists)

    @property
    def noise(self) -> float:
        """Estimated share of wrong labels among the rows that could be judged."""
        return self.wrong / max(int(self.judged.sum()), 1)

    @property
    def counts(self) -> Counts:
        """The counts that every summary begins with."""
        noise = self.noise if self.judged.any() else None
        return Counts(
            rows=self.rows,
            lists=self.lists,
            statuses=dict(self.statuses.most_common()),
            examples=self.examples,
            skipped=self.skipped,
            unlabelled=self.unlabelled,
            labels=sum(self.classes.counts),
            judged=int(self.judged.sum()),
            unjudged=int(self.unjudged.sum()),
            little_known=[self.classes.names[at] for at in np.flatnonzero(self.unjudged)],
            flagged=int(self.issues.sum()),
            relabel=self.kinds["relabel"],
            outlier=self.kinds["outlier"],
            zero_weight=self.zero_weight,
            missing=self.missing,
            incomplete=self.incomplete,
            noise=noise,
            verified=self.verified,
            range_of_wrong=holding(noise, self.range_of_wrong),
        )


def _noise(scores: pl.DataFrame, labels: NDArray[np.int32], classes: int) -> NoiseCounts:
    outlier = (scores["issue_kind"] == "outlier").fill_null(False).to_numpy()
    suggested, wrong = scores["suggested"].to_numpy(), scores["counted_wrong"].to_numpy()
    true = estimated_truth(labels, suggested, wrong, outlier)
    return noise_counts(labels, true, classes)


def _first(
    some: Mapping[str, Sequence[str]], more: Mapping[str, Sequence[str]]
) -> Mapping[str, Sequence[str]]:
    """Keep the first few of each."""
    return {key: [*some.get(key, ()), *more.get(key, ())][:FEW] for key in {**some, **more}}


def _counts(values: pl.Series) -> dict[str, int]:
    """Count each value, in the order in which they first appear."""
    return dict(zip(values.unique(maintain_order=True), values.unique_counts(), strict=True))
