"""The groups of copies in a weighted manifest, those whose labels disagree first."""

from dataclasses import dataclass

import polars as pl

from curate.duplicates.placeholders import placeholders
from curate.duplicates.told import CopyCounts, Placeholder
from curate.errors import CurateError
from curate.manifest.manifest import as_text
from curate.weighted.columns import COPY_NAMES
from curate.weighted.weighted import Weighted

SIZE = pl.col("size")


@dataclass(frozen=True)
class CopyGroups:
    """All groups of a file."""

    groups: pl.DataFrame
    """representative (a key), rows (list, ascending), keys, labels (lists, in the order of rows),
    different (how many labels, or sets of them, apart from none). Where rows have lists of labels,
    each of ``labels`` is a list, sorted, without repetition. Conflicts first, then the largest."""
    counts: CopyCounts


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
    listed = {"rows": pl.col("row"), "keys": pl.col("key"), "labels": pl.col("label")}
    members = _members(weighted).collect(engine="streaming").sort("row").lazy()
    groups = _groups(members, **listed).collect()
    order = [pl.col("different") <= 1, -SIZE, pl.col("rows").list.first()]
    told = ["representative", *listed, "different"]
    return CopyGroups(groups.sort(order).select(told), _counts(weighted, groups))


def count_groups(weighted: Weighted) -> CopyCounts | None:
    """Count the same groups without gathering them; None for a file without the columns."""
    if not {*COPY_NAMES} <= {*weighted.names}:
        return None
    return _counts(weighted, _groups(_members(weighted)).collect(engine="streaming"))


def _members(weighted: Weighted) -> pl.LazyFrame:
    """Scan the rows with copies: row, key, label (or a list), set (of labels), representative."""
    labels = _labels(weighted).list.unique().list.sort()
    return (
        weighted.scan()
        .filter(pl.col("duplicates") > 1)
        .select(
            "row",
            "key",
            labels.alias("label") if _lists(weighted) else _text(weighted),
            labels.alias("set"),
            pl.coalesce("duplicate_of", pl.col("key").cast(pl.String)).alias("representative"),
        )
    )


def _lists(weighted: Weighted) -> bool:
    return weighted.manifest.has_label_lists


def _text(weighted: Weighted) -> pl.Expr:
    label = pl.col("label")
    return label.list.eval(as_text(pl.element())) if _lists(weighted) else as_text(label)


def _labels(weighted: Weighted) -> pl.Expr:
    """Give the labels of a row as a list."""
    found = _text(weighted) if _lists(weighted) else pl.concat_list(_text(weighted))
    return found.list.drop_nulls()


def _groups(members: pl.LazyFrame, **more: pl.Expr) -> pl.LazyFrame:
    """Count each group: size, different, most (rows of its commonest label), row, key."""
    given = pl.col("set").filter(pl.col("set").list.len() > 0)
    return (
        members.group_by("representative", maintain_order=bool(more))
        .agg(
            pl.len().cast(pl.Int64).alias("size"),
            given.n_unique().alias("different"),
            given.len().cast(pl.Int64).alias("labelled"),
            pl.col("set").explode().drop_nulls().unique_counts().max().fill_null(0).alias("most"),
            pl.col("row").min().alias("first"),
            pl.col("key").sort_by("row").first().alias("first_key"),
            **more,
        )
        .filter(SIZE > 1)
    )


def _counts(weighted: Weighted, groups: pl.DataFrame) -> CopyCounts:
    names = "size", "different", "most", "labelled"
    sizes, different, most, labelled = (groups[name].to_numpy() for name in names)
    classes = weighted.scan().select(_labels(weighted).explode().drop_nulls().n_unique())
    found = placeholders(sizes, different, most, classes.collect(engine="streaming").item())
    keyed = weighted.manifest.columns.key is not None
    return CopyCounts(
        int(sizes.sum()) - len(groups),
        len(groups),
        int((different > 1).sum()),
        0 if _lists(weighted) else int(labelled.sum() - most.sum()),
        tuple(
            Placeholder(
                each["first"], each["size"], each["different"],
                str(each["first_key"]) if keyed else None,
            )
            for each in groups[found].iter_rows(named=True)
        ),
    )  # fmt: skip
