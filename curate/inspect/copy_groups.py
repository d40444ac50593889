"""The groups of copies in a weighted manifest, those whose labels disagree first."""

from dataclasses import dataclass

import polars as pl

from curate.errors import CurateError
from curate.manifest.manifest import as_text
from curate.weighted.columns import COPY_NAMES
from curate.weighted.weighted import Weighted


@dataclass(frozen=True)
class CopyGroups:
    """All groups of a file."""

    groups: pl.DataFrame
    """representative (a key), rows (list, ascending), keys, labels (lists, in the order of rows),
    different (how many labels, or sets of them, apart from none). Conflicts first, then the
    largest."""

    @property
    def copies(self) -> int:
        """Count the rows that are copies of an earlier row."""
        return int(self.groups["rows"].list.len().sum()) - len(self.groups)

    @property
    def conflicts(self) -> int:
        """Count the groups whose rows have different labels."""
        return int((self.groups["different"] > 1).sum())


def copy_groups(weighted: Weighted) -> CopyGroups:
    """Gather the groups by the columns of the file; only rows that have copies are held.

    Groups of which a file that was filtered has one row are no groups there. Raises CurateError
    for a file without the columns.
    """
    for name in COPY_NAMES:
        if name not in weighted.names:
            raise CurateError(
                f"{weighted.path} has no column '{weighted.prefix}{name}': it was weighed with"
                " --no-duplicates, or by an older curate, or the column was taken out; weigh it"
                " again."
            )
    lists, label = weighted.manifest.has_label_lists, pl.col("label")
    text = label.list.eval(as_text(pl.element())) if lists else as_text(label)
    text = text.list.drop_nulls().list.unique().list.sort().list.join(", ") if lists else text
    rows = weighted.scan().filter(pl.col("duplicates") > 1).select(
        "row", "key", text.alias("label"),
        pl.coalesce("duplicate_of", pl.col("key").cast(pl.String)).alias("representative"),
    )  # fmt: skip
    members = rows.collect(engine="streaming").sort("row")
    given = pl.col("label").filter(pl.col("label") != "")
    groups = members.group_by("representative", maintain_order=True).agg(
        pl.col("row").alias("rows"),
        pl.col("key").alias("keys"),
        pl.col("label").alias("labels"),
        given.n_unique().alias("different"),
    )
    groups = groups.filter(pl.col("rows").list.len() > 1)
    order = [pl.col("different") <= 1, -pl.col("rows").list.len().cast(pl.Int64)]
    return CopyGroups(groups.sort([*order, pl.col("rows").list.first()]))
