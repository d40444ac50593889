"""What a head gains and loses, class by class, on verified rows that it has not seen.

Veit et al. 2017, Figure 5, by frequency and by how wrong a class's labels are. Not from a paper:
a class whose labels get worse, beyond chance, keeps its given labels.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.heads.label_sets import label_sets
from curate.heads.task import Task
from curate.heads.verdict import Sets, Verdict, beyond_chance, judge

LEAST_ROWS = 6
"""With fewer rows of a class, even if all of them change in one way, chance cannot be excluded."""
BETTER, WORSE, UNDECIDED, THIN = "better", "worse", "undecided", "too few rows"
GROUPS = 5
"""Of classes, as in Veit's Figure 5b: 0 to 20% wrong, and so on."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class HeldOut:
    """What a head predicts for n verified rows, each by a member that has not seen it."""

    given: Floats
    """(n, K): ones for the given labels."""
    p: Floats
    """(n, K)"""
    true: Floats
    """(n, K): ones for the verified labels; NaN where a person was not asked about a class."""
    folds: NDArray[np.int64]
    """(n,)"""
    kept: Floats
    """(n, K): ones for the labels that rows keep where a class gets worse; see `keep_given`."""

    @classmethod
    def none(cls, outputs: int) -> "HeldOut":
        """Hold out nothing."""
        empty = np.zeros((0, outputs), np.float32)
        return cls(empty, empty, empty, np.zeros(0, np.int64), empty)

    def __add__(self, other: "HeldOut") -> "HeldOut":
        """Put later rows after these."""
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return HeldOut(*(np.concatenate(pair) for pair in pairs))

    def chosen(self, rows: NDArray[np.bool_]) -> "HeldOut":
        """Choose rows (n,)."""
        return HeldOut(*(part[rows] for part in vars(self).values()))

    def sets(self, task: Task) -> tuple[Sets, Sets, Sets]:
        """Return given, refined and true labels (n, K) each, of those whose truth is known."""
        parts = (self.given, self.p, np.nan_to_num(self.true))
        given, refined, true = (label_sets(task, part) & self.known for part in parts)
        return given, refined, true

    @property
    def known(self) -> Sets:
        """Tell which labels (n, K) a person has verified."""
        return ~np.isnan(self.true)

    def guarded(self, task: Task) -> "HeldOut":
        """Keep given labels where a class gets worse, as the rows of the other folds tell.

        So no row has a part in the decision about itself.
        """
        p = self.p.copy()
        for fold in np.unique(self.folds):
            here = self.folds == fold
            worse = class_gains(self.chosen(~here), task).worse
            p[here] = keep_given(task, p[here], self.kept[here], worse)[0]
        return replace(self, p=p)

    def verdict(self, task: Task) -> Verdict | None:
        """Compare labels before and after; None where there are no rows."""
        if not len(self.true):
            return None
        answers = None if self.known.all() else int(self.known.sum())
        return replace(judge(*self.sets(task)), answers=answers)


@dataclass(frozen=True)
class ClassGains:
    """What changes for each class (K,): counts of verified rows."""

    rows: NDArray[np.int64]
    """With one label an image those given the class, else all that have it by any labels."""
    before: NDArray[np.int64]
    """Right as given."""
    after: NDArray[np.int64]
    """Right as refined."""
    mended: NDArray[np.int64]
    spoiled: NDArray[np.int64]

    @property
    def better(self) -> NDArray[np.bool_]:
        """Tell which classes (K,) get better, beyond chance."""
        return beyond_chance(self.mended, self.spoiled)

    @property
    def worse(self) -> NDArray[np.bool_]:
        """Tell which classes (K,) get worse, beyond chance."""
        return beyond_chance(self.spoiled, self.mended)

    def table(self, classes: tuple[str, ...]) -> pl.DataFrame:
        """Return a row for each class that has given labels or verified ones."""
        outcome = np.select(
            [self.rows < LEAST_ROWS, self.better, self.worse], [THIN, BETTER, WORSE], UNDECIDED
        )
        named, share = slice(len(classes)), 1 / np.maximum(self.rows, 1)
        columns = {
            "rows": self.rows, "right_before": self.before * share,
            "right_after": self.after * share, "mended": self.mended, "spoiled": self.spoiled,
            "outcome": outcome,
        }  # fmt: skip
        table = pl.DataFrame({name: values[named] for name, values in columns.items()})
        shares = [pl.when(pl.col("rows") > 0).then(f"right_{when}").alias(f"right_{when}")
                  for when in ("before", "after")]  # fmt: skip
        return table.with_columns(shares).insert_column(0, pl.Series("class", classes))


def class_gains(held_out: HeldOut, task: Task) -> ClassGains:
    """Count, for each class, what a head mends and spoils.

    With one label an image, of the rows that were given the class, which are right before and
    after. With several, of the rows that have the class among their given, refined or true labels,
    on which of them the class is rightly there or rightly absent.
    """
    concerned, before, after = judged_pairs(*held_out.sets(task), task.several)
    changes = (concerned, before, after, after & ~before, before & ~after)
    return ClassGains(*(part.sum(axis=0) for part in changes))


def judged_pairs(given: Sets, refined: Sets, true: Sets, several: bool) -> tuple[Sets, Sets, Sets]:
    """Return the (row, class) pairs (n, K) that count, and which are right before and after."""
    if several:
        concerned = given | refined | true
        return concerned, concerned & (given == true), concerned & (refined == true)
    right = (refined == true).all(axis=1, keepdims=True)
    return given, given & true, given & right


def keep_given(
    task: Task, p: Floats, given: Floats, kept: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Set p (n, K) to given labels (n, K) of ``kept`` classes (K,); returns also which rows (n,).

    With one label an image, rows that were given such a class keep it. With several, no such class
    is added to a row or taken from it.
    """
    if task.several:
        changed = np.where(kept, given, p)
        return changed, (changed != p).any(axis=1)
    rows = np.asarray((given[:, kept] > 0).any(axis=1))
    return np.where(rows[:, None], given, p), rows


def by_frequency(gains: ClassGains, sizes: NDArray[np.int64]) -> pl.DataFrame:
    """Sum over fifths of the classes (K,), by their sizes (K,), the rarest first."""
    known = gains.rows > 0
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(np.where(known, sizes, -1), kind="stable")] = np.arange(len(sizes))
    group = (rank - (~known).sum()) * GROUPS // max(int(known.sum()), 1)
    names = ["rarest fifth", "second", "middle", "fourth", "commonest fifth"]
    return _summed(gains, np.where(known, group, -1), names)


def by_wrongness(gains: ClassGains, wrong: NDArray[np.float64]) -> pl.DataFrame:
    """Sum over classes by the share of their labels that is wrong (K,), NaN where not known."""
    group = np.minimum(np.nan_to_num(wrong, nan=-1.0) * GROUPS, GROUPS - 1)
    names = [f"{100 * n // GROUPS} to {100 * (n + 1) // GROUPS}% wrong" for n in range(GROUPS)]
    return _summed(gains, np.floor(group).astype(np.int64), names)


def wrong_shares(gains: ClassGains) -> NDArray[np.float64]:
    """Return the share of each class (K,) that is wrong before; NaN for fewer than LEAST_ROWS."""
    share = (gains.rows - gains.before) / np.maximum(gains.rows, 1)
    return np.asarray(np.where(gains.rows < LEAST_ROWS, np.nan, share))


def by_wrongness_elsewhere(held_out: HeldOut, task: Task) -> pl.DataFrame:
    """Sum over classes by how wrong they are, as the rows of the other folds tell.

    Were it told by the same rows, classes that are wrong by chance would seem to gain.
    """
    parts = []
    for fold in np.unique(held_out.folds):
        here = held_out.folds == fold
        wrong = wrong_shares(class_gains(held_out.chosen(~here), task))
        parts.append(by_wrongness(class_gains(held_out.chosen(here), task), wrong))
    counts = pl.exclude("classes", "group").sum()
    summed = pl.concat(parts).group_by("group", maintain_order=True).agg(counts)
    return summed.sort("group")


def _summed(gains: ClassGains, group: NDArray[np.int64], names: list[str]) -> pl.DataFrame:
    """Sum over the classes (K,) of each group; groups without rows are left out."""
    table = pl.DataFrame({"at": group, **vars(gains)})
    summed = (
        table.filter(pl.col("at") >= 0)
        .group_by("at")
        .agg(pl.len().alias("classes"), pl.exclude("at").sum())
    )
    named = pl.DataFrame({"at": range(len(names)), "group": names})
    found = named.join(summed, on="at").filter(pl.col("rows") > 0).sort("at")
    return found.drop("at")
